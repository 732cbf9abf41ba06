import type { JournalEvent } from '#contract/migration.ts';
import type { Sample, SubflowSample } from '#contract/telemetry.ts';
import type { Milliseconds } from '#contract/units.ts';

/**
 * Turns samples into what an operator wants to know: a path that came, went, came back. Remembers per subflow only what
 * the next sentence needs.
 */
export interface SubflowMemory {
  readonly known: ReadonlyMap<
    string,
    { readonly state: SubflowSample['state']; readonly lostAtMonoMs: Milliseconds | undefined }
  >;
}

export const noSubflows: SubflowMemory = { known: new Map() };

const troubled = new Set<SubflowSample['state']>(['stale', 'failing']);

export function subflowEvents(
  memory: SubflowMemory,
  sample: Sample,
): { readonly memory: SubflowMemory; readonly events: readonly JournalEvent[] } {
  const known = new Map(memory.known);
  const events: JournalEvent[] = [];
  for (const subflow of sample.subflows) {
    const before = known.get(subflow.id);
    const working = subflow.state === 'active' || subflow.state === 'backup';
    const lostAtMonoMs = before?.lostAtMonoMs ?? sample.atMonoMs;
    if (before?.state !== subflow.state) {
      const event = transition(before?.state, subflow, sample.atMonoMs - lostAtMonoMs);
      if (event) events.push(event);
    }
    known.set(subflow.id, { state: subflow.state, lostAtMonoMs: working ? undefined : lostAtMonoMs });
  }
  return { memory: { known }, events };
}

function transition(
  before: SubflowSample['state'] | undefined,
  subflow: SubflowSample,
  lostForMs: Milliseconds,
): JournalEvent | undefined {
  const where = {
    subflow: subflow.id,
    ...(subflow.interface === undefined ? {} : { interface: subflow.interface }),
    localAddress: subflow.localAddress,
    remoteAddress: subflow.remoteAddress,
  };
  if (subflow.state === 'closed') return before === undefined ? undefined : { kind: 'subflow-closed', ...where };
  if (before === undefined) return { kind: 'subflow-established', ...where };
  if (troubled.has(subflow.state)) {
    return troubled.has(before)
      ? undefined
      : { kind: 'subflow-lost', ...where, why: 'unacknowledged data is being sent again and nothing comes back' };
  }
  return troubled.has(before) || before === 'closed'
    ? { kind: 'subflow-back', ...where, afterMs: Math.round(lostForMs) }
    : undefined;
}
