import type { JournalEvent } from '#contract/migration.ts';
import { sentence } from './sentences.ts';

/** Tells a journal as it goes: feed it every event in order, each comes back as its sentence. */
export type Narrator = (event: JournalEvent) => string;

interface KnownPath {
  readonly id: string;
  readonly place: string;
  carries: boolean;
}

/** Remembers names and which paths carry traffic, so that a sentence can say where it moved to. */
export function narrator(): Narrator {
  let names = { guest: 'the guest', source: 'the source', destination: 'the destination' };
  const known = new Map<string, KnownPath>();

  /** The interface, and the subflow's id only where several share it (parallel connections). */
  const nameOf = ({ id, place }: KnownPath): string => {
    const shared = [...known.values()].some((other) => other.place === place && other.id !== id);
    return shared ? `${place} (subflow ${id})` : place;
  };

  return (event) => {
    if (event.kind === 'planned') {
      const { guest, source, destination } = event.plan;
      names = { guest: guest.name, source: source.id, destination: destination.id };
    }
    if (!('subflow' in event)) return sentence(event, { ...names, path: '', otherPaths: [] });
    const place = event.interface ?? known.get(event.subflow)?.place ?? event.localAddress;
    const path: KnownPath = {
      id: event.subflow,
      place,
      carries: event.kind === 'subflow-established' || event.kind === 'subflow-back',
    };
    known.set(path.id, path);
    const carrying = [...known.values()].filter((other) => other.carries && other.place !== place);
    const otherPaths = [...new Set(carrying.map((other) => other.place))];
    return sentence(event, { ...names, path: nameOf(path), otherPaths });
  };
}
