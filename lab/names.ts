import { invalidRequest } from '#contract/errors.ts';

export const defaultLabName = 'lab';

/** What everything in a lab is called. Two labs never share a name, so that two can exist at once. */
export interface LabNames {
  readonly lab: string;
  /** Both the host's id and its network namespace. */
  readonly source: string;
  readonly destination: string;
  readonly guest: string;
}

export type LabSide = 'source' | 'destination';
export const labSides = ['source', 'destination'] as const satisfies readonly LabSide[];

/** Long enough for any purpose, and short enough for a socket path (107 bytes) below the usual runtime directories. */
const longestName = 24;

export function labNames(lab: string): LabNames {
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(lab) || lab.length > longestName) {
    throw invalidRequest(
      `"${lab}" cannot be the name of a lab.`,
      `Use small letters, digits and inner hyphens, at most ${longestName} of them.`,
      'name',
    );
  }
  return { lab, source: `${lab}-source`, destination: `${lab}-destination`, guest: `${lab}-guest` };
}

/** The lab whose source host this namespace would be, or `undefined` when no lab would name one so. */
export function labOfSourceNamespace(namespace: string): string | undefined {
  return /^([a-z0-9][a-z0-9-]*)-source$/.exec(namespace)?.[1];
}
