import { expect, test } from 'vitest';
import type { PathProbe } from '#contract/probe.ts';
import type { PathLease } from '#main/engine/ports.ts';
import { probe, type ProbeOrder } from './probe.ts';
import { otherPort, scriptedHosts, wantedPort, type ScriptedPath } from './testing/scripted-hosts.ts';

type Hosts = ReturnType<typeof scriptedHosts>;

const orderFor = (hosts: Hosts, changed: Partial<ProbeOrder> = {}): ProbeOrder => ({
  id: '20261122T120250Z-7f3a',
  source: hosts.source,
  destination: hosts.destination,
  facts: { source: hosts.source.factsNow, destination: hosts.destination.factsNow },
  routes: undefined,
  paths: hosts.paths,
  port: wantedPort,
  lastPort: wantedPort,
  wantsMptcp: true,
  mayPrepare: true,
  isThorough: false,
  clock: hosts.clock,
  random: () => '00'.repeat(32),
  beforeChanging: async () => void hosts.asked.push('note'),
  afterRestoring: () => void hosts.asked.push('forget'),
  ...changed,
});

const probing = (...paths: readonly ScriptedPath[]) => probe(orderFor(scriptedHosts(...paths)));

const well = {
  atEpochMs: 1_795_000_000_000,
  reach: 'answered',
  protocol: 'mptcp',
  joined: true,
  rttMs: 0.2,
  pathMtuBytes: 1500,
  fullSizePackets: 'pass',
  capacityBitsPerSecond: 100e6,
  problems: [],
} satisfies PathProbe;

test('paths that work are measured while all of them are filled', async () => {
  const { paths, port } = await probing({}, { bitsPerSecond: 10e6, rttMs: 3 });
  expect([paths, port]).toEqual([[well, { ...well, capacityBitsPerSecond: 10e6, rttMs: 3 }], wantedPort]);
});

test('what is set for it is noted first, put back after it, and then forgotten', async () => {
  const hosts = scriptedHosts({}, {});
  await probe(orderFor(hosts));
  expect(hosts.asked).toEqual([
    `listen 0.0.0.0 ${wantedPort}`,
    `listen 0.0.0.0 ${otherPort}`,
    'note',
    'change a',
    'change b',
    'fill all',
    'restore a',
    'restore b',
    'forget',
    `close ${otherPort}`,
    `close ${wantedPort}`,
  ]);
});

test('a host that fails in the middle has everything put back', async () => {
  const hosts = scriptedHosts({}, {});
  const destination = { ...hosts.destination, facts: () => Promise.reject(new Error('away')) };
  await expect(probe(orderFor(hosts, { destination }))).rejects.toThrow('away');
  expect(hosts.asked.slice(-5)).toEqual([
    'restore a',
    'restore b',
    'forget',
    `close ${otherPort}`,
    `close ${wantedPort}`,
  ]);
});

test('a host that cannot be put back is not forgotten', async () => {
  const hosts = scriptedHosts({}, {});
  const source = { ...hosts.source, restorePathManager: () => Promise.reject(new Error('away')) };
  await expect(probe(orderFor(hosts, { source }))).rejects.toThrow('away');
  expect(hosts.asked).not.toContain('forget');
});

test.each<[string, ScriptedPath, Partial<PathProbe>, RegExp]>([
  [
    'drops that port alone',
    { tcp: (port) => (port === wantedPort ? 'unanswered' : 'connected') },
    { reach: 'unanswered' },
    /^A firewall on 10\.0\.2\.1 → 10\.0\.2\.2 drops TCP port 4444, and another port passes: open it from 10\.0\.2\.1\.$/,
  ],
  [
    'rejects that port alone',
    { tcp: (port) => (port === wantedPort ? 'refused' : 'connected') },
    { reach: 'refused' },
    /^A firewall on .* rejects TCP port 4444, and another port passes/,
  ],
  ['drops everything', { tcp: () => 'unanswered' }, { reach: 'unanswered' }, /^Nothing answers on .*, on two ports/],
  ['rejects everything', { tcp: () => 'refused' }, { reach: 'refused' }, /^TCP from 10\.0\.2\.1 is rejected at/],
  ['has no way there', { tcp: () => 'unreachable' }, { reach: 'unreachable' }, /^a cannot reach 10\.0\.2\.2/],
  ['leads to a stranger', { tcp: () => 'stranger' }, { reach: 'stranger' }, /^Something other than b answers/],
])('a path that %s is reported so, and the other one is measured without it', async (_name, second, changed, text) => {
  const { paths } = await probing({}, second);
  expect(paths).toEqual(
    [well, { ...well, ...changed, ...without, joined: false, problems: [{ text: expect.stringMatching(text) }] }].map(
      defined,
    ),
  );
});

/** What is not known where nothing answers. */
const without = {
  protocol: undefined,
  rttMs: undefined,
  pathMtuBytes: undefined,
  fullSizePackets: undefined,
  capacityBitsPerSecond: undefined,
};

function defined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
}

test('where the first path does not answer, the connection begins on the next one', async () => {
  const { paths } = await probing({ tcp: () => 'unanswered' }, {});
  expect(paths.map(({ joined, capacityBitsPerSecond }) => [joined, capacityBitsPerSecond])).toEqual([
    [false, undefined],
    [true, 100e6],
  ]);
});

test('a path that loses full-size packets is not part of the connection that is measured', async () => {
  const { paths } = await probing({ losesFullSize: true }, {});
  expect(paths.map(({ fullSizePackets, joined, problems }) => [fullSizePackets, joined, problems.length])).toEqual([
    ['lost', false, 1],
    ['pass', true, 0],
  ]);
});

test('packets that offer MPTCP may be dropped where plain ones pass, which are then measured', async () => {
  const { paths } = await probing({ mptcp: 'unanswered' });
  expect(paths).toEqual([
    {
      ...well,
      protocol: 'dropped',
      problems: [{ text: expect.stringMatching(/packets that offer MPTCP are dropped, and plain TCP passes/) }],
    },
  ]);
});

test('a connection begins where MPTCP passes, also where that is not the first path', async () => {
  const { paths } = await probing({ mptcp: 'tcp', refusesJoins: true }, {});
  expect(paths.map(({ protocol, joined }) => [protocol, joined])).toEqual([
    ['tcp', false],
    ['mptcp', true],
  ]);
});

test('a path that answers and does not join is reported so', async () => {
  const { paths } = await probing({}, { refusesJoins: true });
  expect(paths.map(({ joined, problems }) => [joined, problems.map(({ text }) => text)])).toEqual([
    [true, []],
    [false, ['No subflow joined over 10.0.2.1 → 10.0.2.2, and the counters of neither kernel show why.']],
  ]);
});

test('each path alone is filled only where that is asked for', async () => {
  const hosts = scriptedHosts({}, {});
  await probe(orderFor(hosts, { isThorough: true }));
  expect(hosts.asked.filter((what) => what.startsWith('fill'))).toEqual(['fill all', 'fill 10.0.1.1', 'fill 10.0.2.1']);
});

test('nothing is set on either host where that is not allowed, or TCP is wanted', async () => {
  const changes: PathLease['planned'][] = [];
  for (const changed of [{ mayPrepare: false }, { wantsMptcp: false }]) {
    const hosts = scriptedHosts({}, {});
    const keep = async ({ planned }: PathLease): Promise<void> => void changes.push(planned);
    const source = { ...hosts.source, changePathManager: keep };
    const destination = { ...hosts.destination, changePathManager: keep };
    await probe(orderFor(hosts, { ...changed, source, destination }));
  }
  expect(changes).toEqual([[], [], [], []]);
});

test('where the kernel chooses the port, a second listener is opened only for a path that does not answer', async () => {
  const [open, closed] = [scriptedHosts({}), scriptedHosts({ tcp: () => 'refused' })];
  for (const hosts of [open, closed]) await probe(orderFor(hosts, { port: 0, lastPort: 0 }));
  const listens = ({ asked }: Hosts): string[] => asked.filter((what) => what.startsWith('listen'));
  expect([listens(open), listens(closed)]).toEqual([
    [`listen 0.0.0.0 ${otherPort}`],
    [`listen 0.0.0.0 ${otherPort}`, `listen 0.0.0.0 ${otherPort}`],
  ]);
});

test.each<[when: string, port: number, tcp: NonNullable<ScriptedPath['tcp']>, guarded: boolean]>([
  ['the destination has answered on another one', wantedPort, () => 'connected', false],
  ['nothing answers on another one', wantedPort, (port) => (port === otherPort ? 'unanswered' : 'connected'), true],
  ['the kernel has chosen it', 0, () => 'connected', false],
] as const)(
  'whether only the machine of the destination may be called, where %s',
  async (_when, port, tcp, guarded) => {
    const hosts = scriptedHosts({ tcp });
    const guards: (boolean | undefined)[] = [];
    const source: typeof hosts.source = {
      ...hosts.source,
      connectForProbe: (order) => {
        if (order.to.port !== otherPort || port === 0) guards.push(order.onlyTheirs);
        return hosts.source.connectForProbe(order);
      },
    };
    await probe(orderFor(hosts, { source, port, lastPort: port, wantsMptcp: false }));
    expect(guards[0]).toBe(guarded);
  },
);
