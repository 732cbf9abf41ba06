import { describe, expect, test } from 'vitest';
import { SwitchyardError } from '#contract/errors.ts';
import type { JournalEvent, Plan } from '#contract/migration.ts';
import type { ManagerRequest } from '#contract/requests.ts';
import { OperatorRequests } from './operator-requests.ts';
import { answering, begun, did, entered, failed, plan, prepared, sees, stateAfter } from './simulation/states.ts';

/** What each request writes down, and when it is refused: in every state in which the answer is another. */

interface Asked {
  readonly answer: unknown;
  readonly recorded: readonly JournalEvent[];
  readonly done: readonly unknown[];
  readonly reported: readonly unknown[];
}

interface Circumstances {
  readonly journal: readonly JournalEvent[];
  readonly plan?: Partial<Plan>;
  readonly sourceAnswers?: boolean;
  readonly failsWith?: Error;
}

async function asked(
  request: ManagerRequest,
  { journal, plan: changes = {}, sourceAnswers = true, failsWith }: Circumstances,
): Promise<Asked> {
  const recorded: JournalEvent[] = [];
  const done: unknown[] = [];
  const reported: unknown[] = [];
  const act = (what: unknown): Promise<void> => {
    done.push(what);
    return failsWith ? Promise.reject(failsWith) : Promise.resolve();
  };
  const requests = new OperatorRequests({
    state: () => stateAfter(journal, changes),
    sourceMonitor: () => (sourceAnswers ? { setParameters: act } : undefined),
    paths: { change: (by, action, name) => act([by, action, name]) },
    record: (event) => Promise.resolve(void recorded.push(event)),
    report: (thrown) => `incident ${reported.push(thrown)}`,
  });
  return { answer: await requests.ask(request), recorded, done, reported };
}

const nothing = { recorded: [], done: [], reported: [] };
const accepted = { answer: { ok: true, value: undefined }, ...nothing };
function refused(phase: string, event: string, text: string, remedy: string): object {
  return { answer: { ok: false, error: { kind: 'rejected', phase, event, text, remedy } }, ...nothing };
}

const by = 'ann';
const copying = [...begun, sees('source', answering('running', 'active'))];
const handedOver = [...begun, sees('source', answering('postmigrate', 'completed'))];
const committed: JournalEvent[] = [...begun, { kind: 'committed' }];
const ended: JournalEvent[] = [...begun, { kind: 'ended', outcome: 'safe-on-source', guest: 'source' }];

describe('cancel', () => {
  const cancel: ManagerRequest = { command: 'cancel', by };
  const requested: JournalEvent = { kind: 'cancel-requested', reason: 'operator', by };

  test.each([
    ['before anything was sent', prepared],
    ['while the memory is copied', copying],
    ['after post-copy was refused', [...copying, ...failed('start-post-copy')]],
  ])('is written down %s', async (_when, journal) => {
    expect(await asked(cancel, { journal })).toEqual({ ...accepted, recorded: [requested] });
  });

  test('is written down once', async () => {
    expect(await asked(cancel, { journal: [...copying, requested] })).toEqual(accepted);
  });

  test.each<[string, readonly JournalEvent[], string]>([
    ['the source has handed over', handedOver, 'switching-over'],
    ['it was committed', committed, 'starting-on-destination'],
    ['post-copy may have begun', [...copying, ...did('start-post-copy')], 'copying'],
    ['post-copy has begun', [...copying, entered], 'post-copy'],
  ])('is refused once %s, and that is written down', async (_when, journal, phase) => {
    const why = 'the guest has been handed over to the destination';
    const remedy = 'Wait for it to end; the guest can be migrated back afterwards.';
    expect(await asked(cancel, { journal })).toEqual({
      ...refused(phase, 'cancel', `Not cancelled: ${why}.`, remedy),
      recorded: [{ kind: 'cancel-refused', by, why }],
    });
  });

  test('is refused after the end, whatever that was', async () => {
    const why = 'it has already ended';
    const remedy = 'Wait for it to end; the guest can be migrated back afterwards.';
    expect(await asked(cancel, { journal: ended })).toEqual({
      ...refused('ended', 'cancel', `Not cancelled: ${why}.`, remedy),
      recorded: [{ kind: 'cancel-refused', by, why }],
    });
  });
});

describe('a change of settings', () => {
  const change: ManagerRequest = { command: 'change', by, change: { downtimeLimitMs: 500 } };
  const unanswered = (phase: string): object =>
    refused(phase, 'change', 'The source QEMU cannot be asked now.', 'Try again when the source answers.');

  test('takes effect at once, and is written down', async () => {
    expect(await asked(change, { journal: copying })).toEqual({
      ...accepted,
      done: [{ downtimeLimitMs: 500 }],
      recorded: [{ kind: 'settings-changed', by, downtimeLimitMs: 500 }],
    });
  });

  test('is refused while the source does not answer', async () => {
    expect(await asked(change, { journal: copying, sourceAnswers: false })).toEqual(unanswered('copying'));
  });

  test('is refused after the end', async () => {
    expect(await asked(change, { journal: ended })).toEqual(unanswered('ended'));
  });

  test('that QEMU refuses is not written down', async () => {
    const failsWith = new SwitchyardError({ kind: 'unreachable', host: 'alpha', text: 'No.', remedy: 'Wait.' });
    expect(await asked(change, { journal: copying, failsWith })).toEqual({
      ...nothing,
      answer: { ok: false, error: failsWith.failure },
      done: [{ downtimeLimitMs: 500 }],
    });
  });

  test('that fails by a fault of ours leaves its trace', async () => {
    const failsWith = new TypeError('ours');
    expect(await asked(change, { journal: copying, failsWith })).toMatchObject({
      answer: { ok: false, error: { kind: 'internal', incidentId: 'incident 1' } },
      reported: [failsWith],
    });
  });
});

test('a path is changed by name', async () => {
  const request: ManagerRequest = { command: 'path', by, action: 'backup', interface: 'eth2' };
  expect(await asked(request, { journal: copying })).toEqual({ ...accepted, done: [[by, 'backup', 'eth2']] });
});

describe('post-copy', () => {
  const postCopy: ManagerRequest = { command: 'post-copy', by };
  const allowed: Partial<Plan> = { settings: { ...plan.settings, postCopy: 'allow' } };

  test('is written down while the memory is copied', async () => {
    expect(await asked(postCopy, { journal: copying, plan: allowed })).toEqual({
      ...accepted,
      recorded: [{ kind: 'post-copy-requested', by }],
    });
  });

  test('is refused where it was not allowed from the beginning', async () => {
    const text = 'Post-copy was not allowed when this migration was started.';
    expect(await asked(postCopy, { journal: copying })).toEqual(
      refused('copying', 'post-copy', text, 'Migrate with --post-copy allow.'),
    );
  });

  test('is refused before and after', async () => {
    const text = 'Post-copy can only begin while the memory is being copied.';
    const remedy = 'Wait for the copy to begin.';
    expect([
      await asked(postCopy, { journal: prepared, plan: allowed }),
      await asked(postCopy, { journal: handedOver, plan: allowed }),
    ]).toEqual([refused('preparing', 'post-copy', text, remedy), refused('switching-over', 'post-copy', text, remedy)]);
  });
});

describe('a recovery', () => {
  const recover: ManagerRequest = { command: 'recover', by };
  const text = 'There is no post-copy to recover.';
  const remedy = 'Look with `switchyard show` at what it is doing.';

  test('is written down in post-copy', async () => {
    expect(await asked(recover, { journal: [...copying, entered] })).toEqual({
      ...accepted,
      recorded: [{ kind: 'recovery-requested', by }],
    });
  });

  test('is refused before post-copy, and after its commit', async () => {
    expect([
      await asked(recover, { journal: copying }),
      await asked(recover, { journal: [...copying, entered, { kind: 'committed' }] }),
    ]).toEqual([
      refused('copying', 'recover', text, remedy),
      refused('starting-on-destination', 'recover', text, remedy),
    ]);
  });
});

describe('a way back', () => {
  const goBack: ManagerRequest = { command: 'go-back', by };

  test('is written down once the guest was handed over and has not run there', async () => {
    expect(await asked(goBack, { journal: handedOver })).toEqual({
      ...accepted,
      recorded: [{ kind: 'go-back-requested', by }],
    });
  });

  test('is refused before', async () => {
    const text =
      'The guest cannot be returned to the source: it has not been handed over, it may have run on the destination, or another QEMU may have received it.';
    expect(await asked(goBack, { journal: copying })).toEqual(
      refused('copying', 'go-back', text, 'Look with `switchyard show` at where it is.'),
    );
  });
});
