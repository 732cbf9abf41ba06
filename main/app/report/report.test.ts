import { describe, expect, test } from 'vitest';
import { invalidRequest } from '#contract/errors.ts';
import type { JournalEvent } from '#contract/migration.ts';
import { exampleEvents, exampleId, examplePlan, journalOf } from '#main/export/testing/example-migration.ts';
import type { Incident } from '#main/storage/incident.ts';
import { collectReport, type ReportSources } from './report.ts';

const secret = 'hunter22-canary';
const plan = examplePlan();
const planned: JournalEvent = {
  kind: 'planned',
  plan: { ...plan, guest: { ...plan.guest, argv: ['qemu', '-object', `secret,id=s,data=${secret}`] } },
};
const stored = {
  id: exampleId,
  entries: journalOf(planned, ...exampleEvents.slice(1), { kind: 'output-kept', side: 'destination', raw: secret }),
  foreign: [],
  damage: undefined,
  samples: [],
};

function incidentOf(id: string, changes: Partial<Incident> = {}): Incident {
  const at = '2099-01-01T00:00:00.000Z';
  return { id, at, version: '1', face: 'serve', pid: 1, stack: `Error: ${secret}`, ...changes };
}

function sources(changes: Partial<ReportSources> = {}): ReportSources {
  return {
    incidents: () => [],
    find: (id) =>
      id === undefined || exampleId.startsWith(id)
        ? Promise.resolve(exampleId)
        : Promise.reject(invalidRequest(`There is no migration ${id}.`, 'List them.')),
    stored: () => Promise.resolve(stored),
    log: () => Promise.resolve(`it said ${secret}`),
    hosts: () => Promise.resolve([]),
    sourceOutput: () => Promise.resolve(`source: ${secret}`),
    destinationOutput: () => Promise.resolve(`destination: ${secret}`),
    surroundings: () => ({ switchyard: '1', environment: [{ text: 'SWITCHYARD_TOKEN=hunter23' }] }),
    ...changes,
  };
}

describe('a report', () => {
  test('holds all that is known of a migration, and not one of its secrets', async () => {
    const { subject, files } = await collectReport(exampleId, sources({ incidents: () => [incidentOf('i-00000001')] }));
    const leaks = files.filter(({ text }) => text.includes(secret) || text.includes('hunter23'));
    expect([subject, files.map(({ name }) => name), leaks]).toEqual([
      exampleId,
      [
        'about.json',
        'incidents.ndjson',
        'hosts.json',
        'migration/journal.ndjson',
        'migration/log.txt',
        'migration/settings.json',
        'output/source.txt',
        'output/destination.txt',
      ],
      [],
    ]);
  });

  test('says in its place what could not be collected', async () => {
    const fail = (): Promise<never> => Promise.reject(new Error(`no: ${secret}`));
    const { files } = await collectReport(exampleId, sources({ hosts: fail, log: fail, sourceOutput: fail }));
    expect(
      files.filter(({ text }) => text === 'could not be collected: no: [redacted]').map(({ name }) => name),
    ).toEqual(['hosts.json', 'migration/log.txt', 'output/source.txt']);
  });

  test('is made of a migration whose journal cannot be read, too', async () => {
    const unreadable = sources({ stored: () => Promise.reject(new Error('damaged')) });
    const { files } = await collectReport(exampleId, unreadable);
    expect(files.find(({ name }) => name === 'migration/journal.ndjson')?.text).toBe('damaged\n');
  });

  test('has the damage of a journal in it', async () => {
    const damage = { kind: 'corrupt', atByte: 5, byteCount: 9 } as const;
    const { files } = await collectReport(exampleId, sources({ stored: () => Promise.resolve({ ...stored, damage }) }));
    expect(files.find(({ name }) => name === 'migration/journal.ndjson')?.text).toContain('"damage":{"kind":"corrupt"');
  });
});

describe('its subject', () => {
  const subjectOf = async (id: string | undefined, changes: Partial<ReportSources>): Promise<[string, boolean]> => {
    const { subject, files } = await collectReport(id, sources(changes));
    return [subject, files.some(({ name }) => name === 'migration/journal.ndjson')];
  };
  const none = { find: () => Promise.resolve(undefined) };

  test.for<[string, string | undefined, Partial<ReportSources>, [string, boolean]]>([
    [
      'an incident, with its migration',
      'i-00000001',
      { incidents: () => [incidentOf('i-00000001', { migration: exampleId })] },
      ['i-00000001', true],
    ],
    ['an incident without one', 'i-00000001', { incidents: () => [incidentOf('i-00000001')] }, ['i-00000001', false]],
    [
      'an incident whose migration is gone',
      'i-00000001',
      { incidents: () => [incidentOf('i-00000001', { migration: 'gone' })] },
      ['i-00000001', false],
    ],
    ['a migration by the beginning of its id', exampleId.slice(0, 8), {}, [exampleId, true]],
    [
      'the latest incident',
      undefined,
      { incidents: () => [incidentOf('i-00000001'), incidentOf('i-00000002')] },
      ['i-00000002', false],
    ],
    [
      'the latest migration, where it is later',
      undefined,
      { incidents: () => [incidentOf('i-00000001', { at: '2001-01-01T00:00:00.000Z' })] },
      [exampleId, true],
    ],
    ['nothing, where there is nothing yet', undefined, none, ['nothing', false]],
  ])('is %s', async ([, id, changes, expected]) => {
    expect(await subjectOf(id, changes)).toEqual(expected);
  });

  test.for(['i-99999999', 'gone'])('is refused where it is not known: %s', async (id) => {
    await expect(collectReport(id, sources())).rejects.toMatchObject({ failure: { kind: 'invalid-request' } });
  });
});
