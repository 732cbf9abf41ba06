import type { JournalEvent, MigrationRecord, Plan } from '#contract/migration.ts';
import { journalEventSchema } from '#contract/migration.ts';
import { migrationRecord } from '#main/export/record.ts';
import { exampleEvents, examplePlan, exampleSamples, journalOf, sampleAt, subflowAt } from './example-migration.ts';

/** A plan in which everything that a user may name has this name. */
export function oddPlan(name: string): Plan {
  const plan = examplePlan();
  return {
    ...plan,
    guest: { ...plan.guest, name, hostId: name },
    source: { ...plan.source, id: name, hostname: name },
    destination: { ...plan.destination, id: name, hostname: name },
    paths: plan.paths.map((path) => ({ ...path, sourceInterface: name, destinationInterface: name })),
    checks: [{ id: 'odd', severity: 'error', passed: false, text: name, remedy: name, command: name }],
    user: name,
    versions: { ...plan.versions, qemu: name },
  };
}

/** A failed migration of which every word of others is this one, as it is read from its journal. */
export function oddRecord(name: string): MigrationRecord {
  const subflow = { ...subflowAt(1), interface: name };
  const failure = {
    kind: 'qmp',
    command: 'migrate',
    class: name,
    description: name,
    text: name,
    remedy: name,
  } as const;
  const events: JournalEvent[] = [
    { kind: 'planned', plan: oddPlan(name) },
    ...exampleEvents.slice(1, -1),
    { kind: 'failed', step: 'migrate', failure },
    { kind: 'output-kept', side: 'destination', raw: name },
    { kind: 'cancel-requested', reason: 'operator', by: name },
    { kind: 'link-lost', side: 'source', interface: name },
    { kind: 'sampling-failed', why: name },
    {
      kind: 'ended',
      outcome: 'safe-on-source',
      guest: 'source',
      explanation: { phase: 'migrating', cause: name, next: name, raw: `${name}\n${name}` },
    },
  ];
  return migrationRecord({
    entries: journalOf(...events.map((event) => journalEventSchema.parse(event))),
    samples: [...exampleSamples, sampleAt(9, 9, { subflows: [subflow] })],
    phase: { name: 'ended', guest: 'source' },
  });
}
