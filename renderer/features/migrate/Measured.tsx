import type { PathProbe } from '#contract/probe.ts';
import { measuredInWords } from '#contract/measured.ts';
import { useNow } from './use-now.ts';

/** What a probe has found out about a path, and when. */
export function Measured({ probe }: { readonly probe: PathProbe }) {
  return <p className="sy-subtle">{measuredInWords(probe, useNow())}</p>;
}
