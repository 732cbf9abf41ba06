import { describe, expect, test } from 'vitest';
import { SwitchyardError, type Failure } from '#contract/errors.ts';
import type { PreflightAnswer } from '#contract/channels.ts';
import type { Guest } from '#contract/host.ts';
import type { Check } from '#contract/migration.ts';
import { defaultSettings } from '#contract/default-settings.ts';
import type { LabProof, LabStatus } from '#lab/lab.ts';
import type { HistoryEntry } from '#main/app/application.ts';
import { summaryOf } from '#main/export/testing/summary-of.ts';
import { exampleId, examplePlan } from '#main/export/testing/example-migration.ts';
import type { ApplicationPort, LabPort } from './context.ts';
import { runCommandLine } from './run.ts';
import { exampleRecord, fakeMigration, fakeSurroundings } from './testing/fakes.ts';

const plan = examplePlan();
const waitingGuest: Guest = { ...plan.guest, name: 'web02', waiting: true };
const entry: HistoryEntry = {
  id: exampleId,
  open: false,
  managed: false,
  problem: undefined,
  summary: summaryOf(exampleRecord()),
};
const noMptcp: Check = {
  id: 'mptcp-kernel',
  severity: 'error',
  passed: false,
  text: 'The kernel of lab-destination does not speak MPTCP.',
  remedy: 'Fix it, or migrate with --mptcp prefer.',
  command: 'sysctl -w net.mptcp.enabled=1',
};
const foretold: PreflightAnswer = {
  ready: true,
  checks: plan.checks,
  paths: plan.paths,
  forecast: { chosen: { text: 'It converges.' }, onePath: { text: 'It converges.' } },
  review: [],
};
const labStatus: LabStatus = {
  name: 'lab',
  directory: '/run/switchyard/labs/lab',
  hosts: [],
  links: [],
  otherCopies: [],
};
const link = {
  index: 2,
  rateBitsPerSecond: 500e6,
  state: 'down',
  source: { interface: 'eth2', address: '10.77.2.1' },
  destination: { interface: 'eth2', address: '10.77.2.2' },
} as const;
const proof: LabProof = {
  proven: true,
  value: 3,
  position: 17,
  steps: 4242,
  guest: 'lab-guest',
  host: 'lab-source',
  atEpochMs: 0,
};

/** A migration that has ended by the first look. */
function endedMigration(outcome: 'done-on-destination' | 'safe-on-source' | 'unknown') {
  const migration = fakeMigration({ history: [] });
  migration.end(outcome);
  return migration;
}

const application: Partial<ApplicationPort> = {
  hosts: async () => [plan.source],
  hostsOutOfReach: [],
  guests: async () => [plan.guest, waitingGuest],
  foretell: async () => foretold,
  start: async () => ({ kind: 'started', plan, migration: endedMigration('done-on-destination') }),
  open: async () => endedMigration('safe-on-source'),
  takeUpTo: async () => endedMigration('done-on-destination'),
  ask: async () => undefined,
  history: async () => [entry],
  migrationCount: async () => 1,
  record: async () => exampleRecord(),
};
const lab: Partial<LabPort> = {
  parseLabOptions: () => ({}),
  labUp: async () => labStatus,
  labStatus: async () => labStatus,
  labList: async () => ['lab'],
  labsOutOfReach: async () => [],
  labLink: async () => link,
  labVerify: async () => proof,
  labDown: async () => ({ name: 'lab', removed: [] }),
};

const between = ['lab-guest', '--from', 'lab-source', '--to', 'lab-destination'];

async function ran(argv: readonly string[], brought: Parameters<typeof fakeSurroundings>[0] = { application, lab }) {
  const surroundings = fakeSurroundings(brought);
  const code = await runCommandLine(argv, surroundings);
  const { printed, logged } = surroundings.console;
  return { code, printed, logged, entered: surroundings.entered };
}

function refusing(failure: Failure): () => Promise<never> {
  return () => Promise.reject(new SwitchyardError(failure));
}

const withJson = [
  ['lab', 'up'],
  ['lab', 'status'],
  ['lab', 'list'],
  ['lab', 'link', '2', 'down'],
  ['lab', 'verify'],
  ['lab', 'down'],
  ['hosts'],
  ['guests'],
  ['guests', 'lab-source'],
  ['preflight', ...between],
  ['migrate', ...between],
  ['watch', exampleId],
  ['cancel', exampleId],
  ['recover', exampleId],
  ['set', exampleId, '--bandwidth', '1gbit'],
  ['path', exampleId, 'backup', 'eth2'],
  ['post-copy', exampleId],
  ['history'],
  ['show', exampleId],
];

describe('with --json', () => {
  test.each(withJson.map((argv) => [argv.join(' '), argv] as const))('%s prints one document', async (_, argv) => {
    const { printed } = await ran([...argv, '--json']);
    expect(printed.map((text) => typeof JSON.parse(text))).toEqual(['object']);
  });

  test.each(withJson.map((argv) => [argv.join(' '), argv] as const))(
    '%s that fails prints one document, which says why',
    async (_, argv) => {
      const failure: Failure = { kind: 'qmp', command: 'c', class: 'C', description: 'd', text: 'No.', remedy: 'Try.' };
      const reject = refusing(failure);
      const everything = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, reject]));
      const { printed, logged } = await ran([...argv, '--json'], {
        application: everything(Object.keys(application)),
        lab: { ...everything(Object.keys(lab)), parseLabOptions: () => ({}) },
      });
      expect([printed.map((text) => JSON.parse(text)), logged]).toEqual([[{ error: failure }], ['No. Try.']]);
    },
  );

  test('wrong usage is a document too', async () => {
    const { code, printed } = await ran(['migrate', 'lab-guest', '--json']);
    expect([code, printed.map((text) => JSON.parse(text))]).toEqual([
      2,
      [
        {
          error: {
            kind: 'invalid-request',
            text: "required option '--from <host>' not specified",
            remedy: 'See `switchyard --help`.',
          },
        },
      ],
    ]);
  });

  test('a refusal holds the checks and what fixes them', async () => {
    const start: ApplicationPort['start'] = async () => ({
      kind: 'refused',
      plan: { ...plan, checks: [noMptcp] },
      refusals: [noMptcp],
    });
    const { code, printed, logged } = await ran(['migrate', ...between, '--json'], { application: { start } });
    expect([code, printed.map((text) => JSON.parse(text)), logged]).toEqual([
      3,
      [
        {
          ready: false,
          checks: [noMptcp],
          paths: plan.paths,
          error: {
            kind: 'rejected',
            phase: 'preflight',
            event: 'start',
            text: 'lab-guest was not migrated: The kernel of lab-destination does not speak MPTCP.',
            remedy: 'Fix it, or migrate with --mptcp prefer.',
          },
        },
      ],
      [expect.stringContaining('sysctl -w net.mptcp.enabled=1')],
    ]);
  });
});

describe('wrong usage', () => {
  test.each([
    [[]],
    [['migrat', 'lab-guest']],
    [['migrate']],
    [['migrate', 'lab-guest', '--from', 'a']],
    [['migrate', ...between, '--mptcp', 'maybe']],
    [['migrate', ...between, '--bandwidth', '500Mbps']],
    [['migrate', ...between, '--downtime-limit', '300']],
    [['migrate', ...between, '--downtime-limit', '1h']],
    [['migrate', ...between, '--sample-rate', '0']],
    [['migrate', 'guest', '--from', '../a', '--to', 'b']],
    [['migrate', ...between, 'another-guest']],
    [['set', exampleId]],
    [['path', exampleId, 'cut', 'eth1']],
    [['lab', 'link', 'two', 'down']],
    [['lab', 'link', '2', 'sideways']],
    [['export', exampleId, '--format', 'xml', '--output', '-']],
    [['export', exampleId, '--format', 'json']],
    [['history', '--verbose']],
  ])('%j is 2, with a sentence on stderr and nothing on stdout', async (argv) => {
    const { code, printed, logged } = await ran(argv);
    expect([code, printed, logged.join('').length > 10]).toEqual([2, [], true]);
  });

  test.each(['watch', 'show', 'cancel'])('%s of a migration that is not there is 2', async (command) => {
    const find = refusing({ kind: 'invalid-request', text: 'There is no migration "x".', remedy: 'List them.' });
    const { code, logged } = await ran([command, 'x'], { application: { open: find, record: find } });
    expect([code, logged]).toEqual([2, ['There is no migration "x". List them.']]);
  });
});

describe('exit codes', () => {
  test.each([
    ['done-on-destination', 0],
    ['safe-on-source', 1],
    ['unknown', 4],
  ] as const)('migrate that ends %s is %d', async (outcome, expected) => {
    const start: ApplicationPort['start'] = async () => ({ kind: 'started', plan, migration: endedMigration(outcome) });
    const { code } = await ran(['migrate', ...between], { application: { ...application, start } });
    expect(code).toBe(expected);
  });

  test('preflight that refuses is 3', async () => {
    const foretell: ApplicationPort['foretell'] = async () => ({ ...foretold, ready: false, checks: [noMptcp] });
    const { code, printed } = await ran(['preflight', ...between], { application: { foretell } });
    expect([code, printed]).toEqual([3, [expect.stringMatching(/Not ready: one check stands in the way\.$/)]]);
  });

  test('a guest that migrates already is 3: nothing was done', async () => {
    const start = refusing({
      kind: 'rejected',
      phase: 'planning',
      event: 'lock',
      text: 'It migrates.',
      remedy: 'Wait.',
    });
    const { code, logged } = await ran(['migrate', ...between], { application: { start } });
    expect([code, logged]).toEqual([3, ['It migrates. Wait.']]);
  });

  test('watch of a migration whose manager does not answer is 4', async () => {
    const open = refusing({ kind: 'unreachable', host: 'control.sock', text: 'No answer.', remedy: 'Try again.' });
    expect((await ran(['watch', exampleId], { application: { open } })).code).toBe(4);
  });

  test('watch of a migration in which nothing was done is 1', async () => {
    const open = refusing({ kind: 'rejected', phase: 'planning', event: 'attach', text: 'No plan.', remedy: 'None.' });
    expect((await ran(['watch', exampleId], { application: { open } })).code).toBe(1);
  });

  test.each(['watch', 'cancel'])('%s of a migration that has ended says where its guest is', async (command) => {
    const ended = { open: async () => undefined, record: async () => exampleRecord() };
    const { code, printed } = await ran([command, exampleId], { application: ended });
    expect([code, printed]).toEqual([0, [expect.stringMatching(/^lab-guest has moved/)]]);
  });

  test('memory that is not proven is 1', async () => {
    const unproven: LabProof = { proven: false, reason: 'page 7 is stale', guest: 'g', host: 'h', atEpochMs: 0 };
    const { code, printed } = await ran(['lab', 'verify'], { lab: { labVerify: async () => unproven } });
    expect([code, printed]).toEqual([1, ['The memory of g on h is NOT proven: page 7 is stale.']]);
  });

  test('a fault of ours is 1 where no guest is concerned, without its stack', async () => {
    const hosts = () => Promise.reject(new TypeError('a fault'));
    const { code, logged } = await ran(['hosts'], { application: { hosts } });
    expect([code, logged.join('\n')]).toEqual([1, expect.not.stringContaining('    at ')]);
  });
});

describe('what is asked of the application', () => {
  test('holds every option of migrate', async () => {
    const asked: unknown[] = [];
    const start: ApplicationPort['start'] = async (request) => {
      asked.push(request);
      return { kind: 'started', plan, migration: endedMigration('done-on-destination') };
    };
    await ran(
      [
        ['migrate', ...between, '--mptcp', 'require', '--socket', 'app', '--no-prepare-paths', '--post-copy', 'allow'],
        ['--downtime-limit', '50ms', '--bandwidth', '2.5gbit', '--parallel-connections', '4', '--auto-converge'],
        ['--stall-limit', '5s', '--sample-rate', '20', '--accept', 'memory', '--accept', 'mtu'],
      ].flat(),
      { application: { ...application, start } },
    );
    expect(asked).toEqual([
      {
        guest: 'lab-guest',
        from: 'lab-source',
        to: 'lab-destination',
        settings: {
          mptcp: 'require',
          socket: 'app',
          preparePaths: false,
          postCopy: 'allow',
          downtimeLimitMs: 50,
          bandwidthBitsPerSecond: 2.5e9,
          parallelConnections: 4,
          autoConverge: true,
          stallLimitMs: 5000,
          sampleHz: 20,
          accepted: ['memory', 'mtu'],
        },
      },
    ]);
  });

  test('has the defaults of the contract where nothing was said', async () => {
    const asked: unknown[] = [];
    const foretell: ApplicationPort['foretell'] = async (request) => {
      asked.push(request.settings);
      return foretold;
    };
    await ran(['preflight', ...between], { application: { foretell } });
    expect(asked).toEqual([defaultSettings]);
  });

  test('cancel is asked for, and its end waited for', async () => {
    const migration = fakeMigration({ managedHere: false, history: [] });
    migration.end('safe-on-source');
    const { code } = await ran(['cancel', exampleId], { application: { ...application, open: async () => migration } });
    expect([code, migration.asked]).toEqual([1, ['cancel by ada']]);
  });
});

describe('labs of a user without root', () => {
  test.each([
    [['lab', 'up'], [{ make: true }]],
    [['lab', 'status'], [{ make: false }]],
    [['hosts'], [{ make: false }]],
    [['migrate', ...between], [{ make: false }]],
    [['watch', exampleId], [{ make: false }]],
    [['history'], []],
    [['set', exampleId, '--bandwidth', '0'], []],
  ])('%j looks for them: %j', async (argv, expected) => {
    expect((await ran(argv)).entered).toEqual(expected);
  });

  test('what ran there answers for the command', async () => {
    expect(await ran(['migrate', ...between], { elsewhere: 4 })).toEqual({
      code: 4,
      printed: [],
      logged: [],
      entered: [{ make: false }],
    });
  });
});

test.each([[['--version']], [['--help']], [['lab', '--help']], [['migrate', '--help']]])(
  '%j is reported on stdout',
  async (argv) => {
    const { code, printed, logged } = await ran(argv);
    expect([code, printed.join('').length > 5, logged]).toEqual([0, true, []]);
  },
);

test('a guest that waits is listed as waiting', async () => {
  const { printed } = await ran(['guests']);
  expect(printed.join('\n')).toMatch(/web02 .* waits for a migration/);
});

test('export writes to stdout what the format says', async () => {
  const { printed } = await ran(['export', exampleId, '--format', 'csv', '--output', '-']);
  expect(printed).toEqual([expect.stringMatching(/^at,migration_id,row,/)]);
});

test.each([
  [[], [{ newest: 100 }]],
  [['--all'], [{}]],
  [['--limit', '7'], [{ newest: 7 }]],
  [['--json'], [{}]],
  [['--json', '--limit', '7'], [{ newest: 7 }]],
] as const)('history %j asks for %j', async (options, expected) => {
  const asked: unknown[] = [];
  const history: ApplicationPort['history'] = async (range) => {
    asked.push(range);
    return [];
  };
  await ran(['history', ...options], { application: { ...application, history } });
  expect(asked).toEqual(expected);
});

test('a history that leaves older ones out reports how many', async () => {
  const { logged } = await ran(['history'], { application: { ...application, migrationCount: async () => 4901 } });
  expect(logged).toEqual(['4900 older: `switchyard history --all` lists them too.']);
});
