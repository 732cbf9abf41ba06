import { invalidRequest } from '#contract/errors.ts';
import { findCopies } from './copies.ts';
import { findGuests, type GuestProcess } from './guest/processes.ts';
import { directoryInMark, labsWithHosts } from './host-namespaces.ts';
import { labNames, labSides, type LabNames } from './names.ts';
import { filesIn, labFiles, type LabFiles } from './runtime-directory.ts';

/** What is left of a lab, or all of it. */
export interface FoundLab {
  readonly names: LabNames;
  readonly files: LabFiles;
  readonly copies: readonly GuestProcess[];
}

/** Goes by what is really there: marked namespaces, and QEMUs with the lab's guest. */
export async function lookForLab(name: string): Promise<FoundLab & { readonly exists: boolean }> {
  const names = labNames(name);
  const marks = await Promise.all(labSides.map((side) => directoryInMark(names[side])));
  const directory = marks.find((mark) => mark !== undefined);
  const files = directory === undefined ? labFiles(name) : filesIn(directory);
  const copies = await findCopies(names, files.image);
  return { names, files, copies, exists: directory !== undefined || copies.length > 0 };
}

/** Rejects with `invalid-request` when nothing of such a lab is there. */
export async function findLab(name: string): Promise<FoundLab> {
  const found = await lookForLab(name);
  if (found.exists) return found;
  const others = await labList();
  throw invalidRequest(
    `There is no lab called "${name}" here.`,
    others.length > 0 ? `There is: ${others.join(', ')}.` : `Make one with \`lab up --name ${name}\`.`,
    'name',
  );
}

/** Names of all labs of which anything is left, but for those that this user cannot look into. */
export async function labList(): Promise<string[]> {
  const guests = findGuests((guest) => guest.endsWith('-guest'));
  const ofGuests = guests.flatMap(({ name, image }) => {
    const lab = name.slice(0, -'-guest'.length);
    return image === labFiles(lab).image ? [lab] : [];
  });
  return [...new Set([...(await labsWithHosts()).labs, ...ofGuests])].toSorted();
}

/** Names of what may be labs of another user, most often of root: only that user can look into them. */
export async function labsOutOfReach(): Promise<string[]> {
  return (await labsWithHosts()).outOfReach.toSorted();
}
