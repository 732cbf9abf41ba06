import { invalidRequest, SwitchyardError } from '#contract/errors.ts';
import type { HostFacts } from '#contract/host.ts';
import type { Plan } from '#contract/migration.ts';
import { createRedactor, type Redactor } from '#main/redaction/redact.ts';
import type { Incident } from '#main/storage/incident.ts';
import type { StoredMigration } from '#main/storage/stored-migration.ts';
import type { ArchivedFile } from './tar.ts';

/** What a report is made from; every call may fail, and then the report says so in that place. */
export interface ReportSources {
  /** Oldest first. */
  incidents(): readonly Incident[];
  /** The whole id of a migration, by it or its beginning; the newest one's where nothing is given. */
  find(idOrPrefix: string | undefined): Promise<string | undefined>;
  stored(id: string): Promise<StoredMigration>;
  /** What happened, a line each. */
  log(id: string): Promise<string>;
  hosts(): Promise<readonly HostFacts[]>;
  /** Last lines of the guest's QEMU on the source. */
  sourceOutput(plan: Plan): Promise<string>;
  /** Last lines of the QEMU that was started on the destination. */
  destinationOutput(plan: Plan, path: string): Promise<string>;
  /** Versions, the machine, the environment that concerns us. */
  surroundings(): object;
}

export interface Report {
  /** An incident id or a migration id, or `nothing` where there is neither. */
  readonly subject: string;
  readonly files: readonly ArchivedFile[];
}

const incidentId = /^i-[0-9a-f]{8}$/;

/** All that is needed to find the cause of a fault, without secrets. Rejects with `invalid-request` for an unknown id. */
export async function collectReport(id: string | undefined, sources: ReportSources): Promise<Report> {
  const incidents = sources.incidents();
  const { incident, migration } = await subjectOf(id, incidents, sources);
  const stored = migration === undefined ? undefined : await attempt(() => sources.stored(migration));
  const plan = planIn(stored);
  const redactor = createRedactor();
  if (plan) redactor.learn(plan.guest.argv);
  const text = (work: () => Promise<string>): Promise<string> => asText(work, redactor);
  const files = [
    json('about.json', { incident: incident?.id, migration, ...sources.surroundings() }, redactor),
    { name: 'incidents.ndjson', text: lines(incidents.map((each) => redactedIncident(each, redactor))) },
    { name: 'hosts.json', text: await text(async () => indented(redactor.redact(await sources.hosts()))) },
    ...(migration === undefined || stored === undefined
      ? []
      : [
          { name: 'migration/journal.ndjson', text: journalText(stored, redactor) },
          { name: 'migration/log.txt', text: await text(() => sources.log(migration)) },
        ]),
    ...(plan
      ? [
          json('migration/settings.json', plan.settings, redactor),
          { name: 'output/source.txt', text: await text(() => sources.sourceOutput(plan)) },
          { name: 'output/destination.txt', text: await text(() => destinationOutput(plan, stored, sources)) },
        ]
      : []),
  ];
  return { subject: incident?.id ?? migration ?? 'nothing', files };
}

interface Subject {
  readonly incident?: Incident | undefined;
  readonly migration?: string | undefined;
}

async function subjectOf(
  id: string | undefined,
  incidents: readonly Incident[],
  sources: ReportSources,
): Promise<Subject> {
  if (id !== undefined && !incidentId.test(id)) return { migration: await sources.find(id) };
  if (id === undefined) return latest(incidents.at(-1), await findQuietly(sources, undefined), sources);
  const incident = incidents.find((each) => each.id === id);
  if (!incident) {
    throw invalidRequest(
      `There is no incident ${id} in the incident file.`,
      '`switchyard report` without an id reports the latest one.',
      'id',
    );
  }
  return withMigration(incident, sources);
}

async function latest(
  incident: Incident | undefined,
  migration: string | undefined,
  sources: ReportSources,
): Promise<Subject> {
  // A migration's id begins with the second in which it was planned: 20261128T120000Z.
  const incidentSecond = incident?.at.replaceAll(/[-:]|\..*$/g, '') ?? '';
  return incident && incidentSecond >= (migration ?? '').slice(0, 15)
    ? withMigration(incident, sources)
    : { migration };
}

async function withMigration(incident: Incident, sources: ReportSources): Promise<Subject> {
  const { migration } = incident;
  return { incident, migration: migration === undefined ? undefined : await findQuietly(sources, migration) };
}

/** The migration of an incident may have been removed since. */
async function findQuietly(sources: ReportSources, idOrPrefix: string | undefined): Promise<string | undefined> {
  try {
    return await sources.find(idOrPrefix);
  } catch (thrown) {
    if (thrown instanceof SwitchyardError) return undefined;
    throw thrown;
  }
}

type Attempted = StoredMigration | { readonly problem: string } | undefined;

async function attempt(work: () => Promise<StoredMigration>): Promise<Attempted> {
  try {
    return await work();
  } catch (thrown) {
    return { problem: messageOf(thrown) };
  }
}

function planIn(stored: Attempted): Plan | undefined {
  const first = stored && 'entries' in stored ? stored.entries[0]?.event : undefined;
  return first?.kind === 'planned' ? first.plan : undefined;
}

function journalText(stored: Exclude<Attempted, undefined>, redactor: Redactor): string {
  if ('problem' in stored) return `${redactor.redact({ text: stored.problem }).text}\n`;
  const damage = stored.damage ? [{ damage: stored.damage }] : [];
  return lines([...stored.entries, ...stored.foreign, ...damage].map((entry) => redactor.redact(entry)));
}

async function destinationOutput(plan: Plan, stored: Attempted, sources: ReportSources): Promise<string> {
  const entries = stored && 'entries' in stored ? stored.entries : [];
  const kept = entries.flatMap(({ event }) =>
    event.kind === 'output-kept' && event.side === 'destination' ? [event.raw] : [],
  );
  const path = entries
    .flatMap(({ event }) => (event.kind === 'done' && 'started' in event ? [event.started?.outputPath] : []))
    .at(-1);
  const now = path === undefined ? '' : await sources.destinationOutput(plan, path);
  return [...kept, now].filter((part) => part !== '').join('\n') || 'nothing was kept of it';
}

function redactedIncident(incident: Incident, redactor: Redactor): Incident {
  return { ...incident, stack: redactor.redact({ text: incident.stack }).text };
}

async function asText(work: () => Promise<string>, redactor: Redactor): Promise<string> {
  try {
    return redactor.redact({ text: await work() }).text;
  } catch (thrown) {
    return redactor.redact({ text: `could not be collected: ${messageOf(thrown)}` }).text;
  }
}

function json(name: string, value: object, redactor: Redactor): ArchivedFile {
  return { name, text: indented(redactor.redact(value)) };
}

function indented(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function lines(values: readonly unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('');
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
