import type { Path } from '#contract/migration.ts';
import type { Sample, SubflowSample } from '#contract/telemetry.ts';

/** Subflows that leave by this path's end on the source, whatever their state but closed. */
export function openSubflowsOn(path: Path, sample: Pick<Sample, 'subflows'> | undefined): readonly SubflowSample[] {
  return (sample?.subflows ?? []).filter(
    ({ state, localAddress, interface: name }) =>
      state !== 'closed' && (localAddress === path.sourceAddress || name === path.sourceInterface),
  );
}

/** It gets through, or could: a backup is idle while another path lives. */
export function carries({ state }: Pick<SubflowSample, 'state'>): boolean {
  return state === 'active' || state === 'backup';
}

/** Paths on which nothing gets through: no subflow was ever made there, or the peer has fallen silent. */
export function missingPaths(paths: readonly Path[], sample: Pick<Sample, 'subflows'>): readonly Path[] {
  return paths.filter((path) => !openSubflowsOn(path, sample).some(carries));
}
