import { invalidRequest } from '#contract/errors.ts';
import { findLab } from './find-lab.ts';
import { batch } from './iproute2.ts';
import { linkCommands } from './links.ts';
import { labSides, type LabSide } from './names.ts';
import { labLinks, type LabLink, type LinkState } from './status.ts';

/**
 * Cuts or restores a link. `down` takes the interface down on one host (the source's unless said otherwise; the other one
 * loses its carrier), `silent` loses everything that is sent while both carriers stay, `up` restores either.
 */
export async function labLink(
  name: string,
  index: number,
  state: LinkState,
  { side = 'source' }: { readonly side?: LabSide } = {},
): Promise<LabLink> {
  const { names } = await findLab(name);
  const links = await labLinks(names);
  if (!links.some((link) => link.index === index)) {
    throw invalidRequest(`The lab "${name}" has no link ${index}.`, `Its links are 1 to ${links.length}.`, 'link');
  }
  const commands = linkCommands(index, state, side);
  for (const each of labSides) await batch('ip', names[each], commands[each]);
  const link = (await labLinks(names)).find((candidate) => candidate.index === index);
  if (link === undefined) throw new Error(`link ${index} of the lab "${name}" is gone`);
  return link;
}
