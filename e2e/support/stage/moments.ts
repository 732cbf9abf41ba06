import type { JournalEvent, JournalEventOf, Side, StepName } from '#contract/migration.ts';

/** A moment in a migration, by the entry of the journal that reports it. */
export type Moment = (event: JournalEvent) => boolean;

export function intended(step: StepName): Moment {
  return (event) => event.kind === 'intended' && event.step === step;
}

export function done(step: StepName): Moment {
  return (event) => event.kind === 'done' && event.step === step;
}

export function told<Kind extends JournalEvent['kind']>(
  kind: Kind,
  holds: (event: JournalEventOf<Kind>) => boolean = () => true,
): Moment {
  const isKind = (event: JournalEvent): event is JournalEventOf<Kind> => event.kind === kind;
  return (event) => isKind(event) && holds(event);
}

/** A QEMU was seen so: its run state, the status of its migration, or both. */
export function seen(side: Side, wanted: { readonly run?: string; readonly migration?: string }): Moment {
  return told('observed', (event) => {
    const { observation } = event;
    if (event.side !== side || observation.kind !== 'answering') return false;
    return (
      (wanted.run ?? observation.run) === observation.run &&
      (wanted.migration ?? observation.migration) === observation.migration
    );
  });
}

export const copying = told('iteration');
/** The source has stopped, was allowed to leave, and sends what is left. */
export const switchingOver = seen('source', { run: 'finish-migrate', migration: 'device' });
export const handedOver = seen('source', { migration: 'completed' });
export const committed = told('committed');
export const inPostCopy = told('post-copy-entered');

export function died(side: Side): Moment {
  return told('observed', (event) => event.side === side && event.observation.kind === 'gone');
}

/** By a name that another process can be told: `done listen`, `intended migrate`, `committed`, `source postmigrate`. */
export function momentNamed(name: string): Moment {
  const [first = '', second] = name.split(' ');
  if (second === undefined) return (event) => event.kind === first;
  return (event) => {
    switch (event.kind) {
      case 'intended':
      case 'done':
      case 'failed':
        return event.kind === first && event.step === second;
      case 'observed':
        return event.side === first && event.observation.kind === 'answering' && event.observation.migration === second;
      default:
        return false;
    }
  };
}
