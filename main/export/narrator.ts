import type { JournalEvent, JournalEventOf } from '#contract/migration.ts';
import { verdictOf, type Verdict } from './iterations.ts';
import { plainName } from '#contract/plain-text.ts';
import { sentence } from './sentences.ts';

/** A journal in sentences: feed it every event in order, each comes back as its sentence. */
export type Narrator = (event: JournalEvent) => string;

interface KnownPath {
  readonly id: string;
  readonly place: string;
  carries: boolean;
}

/** Remembers names, which paths carry traffic, and the least that was left to send: a sentence needs what was before. */
export function narrator(): Narrator {
  let names = { guest: 'the guest', source: 'the source', destination: 'the destination' };
  const known = new Map<string, KnownPath>();
  let hasBegun = false;
  let judged = 0;
  let lowestBytes: number | undefined;

  /** The interface, and the subflow's id only where several share it (parallel connections). */
  const nameOf = ({ id, place }: KnownPath): string => {
    const shared = [...known.values()].some((other) => other.place === place && other.id !== id);
    return shared ? `${place} (subflow ${id})` : place;
  };

  /** A manager that takes a migration up reports the iteration under way once more. */
  const judge = ({ iteration, remainingBytes }: JournalEventOf<'iteration'>): Verdict | undefined => {
    if (remainingBytes === 0 || iteration <= judged) return undefined;
    const verdict = verdictOf(remainingBytes, lowestBytes);
    [judged, lowestBytes] = [iteration, Math.min(remainingBytes, lowestBytes ?? remainingBytes)];
    return verdict;
  };

  return (event) => {
    if (event.kind === 'intended' && event.step === 'migrate') hasBegun = true;
    if (event.kind === 'planned') {
      const { guest, source, destination } = event.plan;
      names = { guest: plainName(guest.name), source: plainName(source.id), destination: plainName(destination.id) };
    }
    const scene = { ...names, hasBegun, verdict: event.kind === 'iteration' ? judge(event) : undefined };
    if (!('subflow' in event)) return sentence(event, { ...scene, path: '', otherPaths: [] });
    const place = plainName(event.interface ?? known.get(event.subflow)?.place ?? event.localAddress);
    const path: KnownPath = {
      id: event.subflow,
      place,
      carries: event.kind === 'subflow-established' || event.kind === 'subflow-back',
    };
    known.set(path.id, path);
    const carrying = [...known.values()].filter((other) => other.carries && other.place !== place);
    const otherPaths = [...new Set(carrying.map((other) => other.place))];
    return sentence(event, { ...scene, path: nameOf(path), otherPaths });
  };
}
