import type { Path } from '#contract/migration.ts';
import { asSentence } from '#contract/plain-text.ts';

/** A path as an operator knows it: `eth1 (192.0.2.1 to 192.0.2.2)`. */
export function nameOfPath({ sourceInterface, sourceAddress, destinationAddress }: Path): string {
  return `${sourceInterface} (${sourceAddress} to ${destinationAddress})`;
}

/** A sentence for each path that failed, with the reason. */
export function describePaths(failed: readonly { readonly path: Path; readonly why: string }[]): string {
  return failed.map(({ path, why }) => `${nameOfPath(path)}: ${asSentence(why)}`).join(' ');
}
