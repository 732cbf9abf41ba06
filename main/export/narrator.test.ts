import { expect, test } from 'vitest';
import { journalEventSchema, stepNameSchema, type CountedPath, type JournalEvent } from '#contract/migration.ts';
import { exampleEvents, examplePlan } from './testing/example-migration.ts';
import { narrator } from './narrator.ts';

function told(...events: readonly JournalEvent[]): string[] {
  const tell = narrator();
  return events.map((event) => tell(event));
}

const planned: JournalEvent = { kind: 'planned', plan: examplePlan() };

/** What one event reads like in a migration of lab-guest from lab-source to lab-destination. */
function toldOf(event: JournalEvent): string | undefined {
  return told(planned, { kind: 'intended', step: 'migrate' }, event)[2];
}

const where = (
  id: string,
  name: string,
): { subflow: string; interface: string; localAddress: string; remoteAddress: string } => ({
  subflow: id,
  interface: name,
  localAddress: '10.0.1.1',
  remoteAddress: '10.0.1.2',
});

test('a whole migration reads like this', () => {
  expect(told(...exampleEvents)).toEqual([
    'ada asked to migrate lab-guest from lab-source to lab-destination: 2 paths, MPTCP where both ends speak it.',
    'Asked the destination to listen.',
    'Destination is listening on port 49152 with MPTCP.',
    'Asked the source QEMU to migrate.',
    'The source QEMU has begun to migrate.',
    'eth1 carries a subflow from 10.0.1.1 to 10.0.1.2.',
    'eth2 carries a subflow from 10.0.2.1 to 10.0.2.2.',
    'Connected: Multipath TCP confirmed by the kernel, 2 subflows.',
    'Iteration 1 begins: 512 MiB to send.',
    'eth1 lost (no carrier); traffic moved to eth2.',
    'eth1 is back after 2.1 s.',
    'Iteration 2 begins: 40 MiB were dirtied meanwhile.',
    'Iteration 3 begins: 42 MiB were dirtied meanwhile: borderline.',
    'The QEMU on lab-source is postmigrate, its migration completed.',
    'The source has handed everything over: from here on lab-guest belongs to lab-destination.',
    'Asked lab-destination to resume lab-guest.',
    'lab-destination has resumed lab-guest.',
    "QEMU's final figures: 200 MiB transferred, downtime 38 ms.",
    'Done: lab-guest is on lab-destination.',
  ]);
});

const failure = { kind: 'cancelled', text: 'No space left on device', remedy: 'Free some.' } as const;
const path = {
  sourceInterface: 'eth1',
  sourceAddress: '10.0.1.1',
  destinationInterface: 'eth1',
  destinationAddress: '10.0.1.2',
  mtu: 1500,
};
const explanation = { phase: 'copying', cause: 'Nothing moved for 30 s over eth1.', next: 'Fix the network.' };

function counted(bytes: Partial<CountedPath>): CountedPath {
  return { interface: 'eth1', destinationInterface: 'eth9', carriedBytes: 2 ** 30, ...bytes };
}

const wordings: readonly (readonly [JournalEvent, string])[] = [
  [{ kind: 'attached', user: 'bob', pid: 77 }, 'bob took the migration up again (process 77).'],
  [
    { kind: 'intended', step: 'start-destination', detail: 'qemu-system-x86_64' },
    'Starting lab-guest on lab-destination, paused and waiting (qemu-system-x86_64).',
  ],
  [{ kind: 'done', step: 'listen', port: 4444, mptcp: false }, 'Destination is listening on port 4444 with plain TCP.'],
  [
    { kind: 'failed', step: 'start-destination', failure },
    'lab-guest could not be started on lab-destination: No space left on device.',
  ],
  [
    {
      kind: 'observed',
      side: 'source',
      observation: { kind: 'answering', run: 'running', migration: 'failed', errorText: 'Unable to write to socket' },
    },
    'The QEMU on lab-source is running, its migration failed, with the error: Unable to write to socket.',
  ],
  [
    { kind: 'observed', side: 'destination', observation: { kind: 'unasked' } },
    'The QEMU on lab-destination has not been asked yet.',
  ],
  [
    { kind: 'observed', side: 'destination', observation: { kind: 'silent' } },
    'The QEMU on lab-destination is there and does not answer.',
  ],
  [
    { kind: 'observed', side: 'destination', observation: { kind: 'gone' } },
    'The QEMU on lab-destination is proven gone.',
  ],
  [
    { kind: 'observed', side: 'source', observation: { kind: 'unreachable', why: 'no route to host' } },
    'lab-source cannot be asked: no route to host.',
  ],
  [
    { kind: 'output-kept', side: 'destination', raw: 'warning: one\nqemu: Size mismatch: pc.ram\n' },
    'The QEMU on lab-destination last printed: qemu: Size mismatch: pc.ram.',
  ],
  [{ kind: 'output-kept', side: 'destination', raw: '\n' }, 'The QEMU on lab-destination printed nothing.'],
  [
    { kind: 'negotiated', protocol: 'tcp', when: 'data-flowed', connections: [], text: 'the connection is plain TCP' },
    'After data has flowed: the connection is plain TCP.',
  ],
  [
    {
      kind: 'path-missing',
      interfaces: ['eth2', 'eth3'],
      reasons: [
        { side: 'destination', text: 'It does not announce 10.0.2.2.', command: 'ip mptcp endpoint add 10.0.2.2' },
        { side: 'source', text: 'No route leads there' },
      ],
    },
    'Nothing goes over eth2 and eth3. It does not announce 10.0.2.2. On lab-destination: ip mptcp endpoint add 10.0.2.2. No route leads there.',
  ],
  [
    { kind: 'path-missing', interfaces: ['eth2'], reasons: [] },
    'Nothing goes over eth2, and neither lab-source nor lab-destination shows why.',
  ],
  [
    {
      kind: 'path-missing',
      interfaces: [],
      reasons: [{ side: 'source', text: 'Something on the way removes the MPTCP options' }],
    },
    'Nothing comes through. Something on the way removes the MPTCP options.',
  ],
  [
    { kind: 'ports-counted', paths: [counted({ sentBytes: 2e9, receivedBytes: 2.1e9 })] },
    'The counters of the interfaces at both ends agree with what the subflows report.',
  ],
  [
    {
      kind: 'ports-counted',
      paths: [counted({ sentBytes: 12 * 2 ** 20, receivedBytes: 2e9 }), counted({ carriedBytes: 1e6, sentBytes: 0 })],
    },
    'eth1 of lab-source sent 12 MiB of the 1 GiB of its path: the rest went through another interface, so the shares of the paths are not those of the ports.',
  ],
  [
    { kind: 'ports-counted', paths: [counted({ sentBytes: 2e9, receivedBytes: 9e8 })] },
    'eth9 of lab-destination received 858 MiB of the 1 GiB of its path: the rest went through another interface, so the shares of the paths are not those of the ports.',
  ],
  [
    { kind: 'ports-counted', paths: [counted({ sentBytes: 2e9 })] },
    'eth9 of lab-destination: not counted. The counters of the other interfaces agree with what their subflows report.',
  ],
  [{ kind: 'sampling-failed', why: 'EPERM' }, 'The paths cannot be measured (EPERM); the migration continues.'],
  [
    { kind: 'stranger-connected', address: '192.0.2.66', port: 4444, connections: 1, turnedAway: true },
    '192.0.2.66 connected to the migration port 4444 of lab-destination and was turned away.',
  ],
  [
    {
      kind: 'stranger-connected',
      address: '10.0.1.1',
      host: 'lab-source',
      port: 4444,
      connections: 10,
      turnedAway: false,
    },
    "10.0.1.1 (lab-source) connected to the migration port 4444 of lab-destination and reached QEMU, which takes the first connection for the source's; that makes 10 such connections.",
  ],
  [
    { kind: 'guest-shut-down', side: 'source', reason: 'guest-shutdown' },
    'lab-guest shut down by itself on lab-source (guest-shutdown).',
  ],
  [
    { kind: 'stalled', forMs: 30_000, guest: 'source' },
    'Nothing has moved for 30 s; lab-guest continues to run on lab-source.',
  ],
  [{ kind: 'stalled', forMs: 2100, guest: 'stopped' }, 'Nothing has moved for 2.1 s; lab-guest is stopped.'],
  [{ kind: 'cancel-requested', reason: 'operator', by: 'ada' }, 'Cancel requested by ada.'],
  [
    { kind: 'cancel-requested', reason: 'mptcp-required', by: 'policy' },
    'Cancelling: MPTCP is required and the connection is plain TCP.',
  ],
  [{ kind: 'cancel-requested', reason: 'stalled', by: 'watchdog' }, 'Cancelling: nothing moves any more.'],
  [
    { kind: 'cancel-requested', reason: 'attached-before-start', by: 'switchyard' },
    'Cancelling: the manager had ended before anything moved.',
  ],
  [
    { kind: 'peer-proven', by: 'sequence', connections: 1 },
    'What lab-source sends arrives at the QEMU on lab-destination: both kernels count the same data.',
  ],
  [
    { kind: 'peer-proven', by: 'addresses', connections: 5 },
    'What lab-source sends arrives at the QEMU on lab-destination: it holds the same connection.',
  ],
  [
    { kind: 'peer-proven', by: 'bytes', connections: 1 },
    'What lab-source sends arrives at the QEMU on lab-destination: it receives as much as is sent.',
  ],
  [
    { kind: 'peer-proven', by: 'own-sockets', connections: 1 },
    'What lab-source sends arrives at the QEMU on lab-destination: Switchyard has made both ends of the connection.',
  ],
  [
    { kind: 'peer-proven', by: 'status', connections: 0 },
    'What lab-source sends arrives at the QEMU on lab-destination: its QEMU reports that it receives a guest; a kernel could not be asked.',
  ],
  [
    { kind: 'peer-foreign', address: '192.0.2.7', port: 4444, isOfSource: false },
    'lab-source has connected to 192.0.2.7 port 4444, and the QEMU on lab-destination has no such connection.',
  ],
  [
    { kind: 'peer-foreign', address: '192.168.122.1', port: 4444, isOfSource: true },
    'lab-source has connected to 192.168.122.1 port 4444, and the QEMU on lab-destination has no such connection; lab-source has that address itself.',
  ],
  [
    { kind: 'cancel-requested', reason: 'peer-not-proven', by: 'switchyard' },
    'Cancelling: there is no proof that the destination receives what the source sends.',
  ],
  [
    { kind: 'cancel-requested', reason: 'silent-before-start', by: 'watchdog' },
    'Cancelling: a QEMU does not answer, and nothing has moved yet.',
  ],
  [
    { kind: 'cancel-refused', by: 'ada', why: 'it has already ended' },
    'ada asked to cancel; refused, because it has already ended.',
  ],
  [
    { kind: 'settings-changed', by: 'ada', downtimeLimitMs: 500, bandwidthBitsPerSecond: 0 },
    'ada set the downtime limit to 500 ms and the bandwidth limit to none.',
  ],
  [{ kind: 'settings-changed', by: 'ada', bandwidthBitsPerSecond: 2e8 }, 'ada set the bandwidth limit to 200 Mbit/s.'],
  [{ kind: 'settings-changed', by: 'ada' }, 'ada set nothing.'],
  [
    { kind: 'iteration', iteration: 5, remainingBytes: 0, transferredBytes: 9, dirtyPagesPerSecond: 0 },
    'Iteration 5, the last: nothing remains to be sent.',
  ],
  [{ kind: 'subflow-closed', ...where('t/1', 'eth1') }, 'The subflow on eth1 closed.'],
  [{ kind: 'post-copy-requested', by: 'ada' }, 'ada asked for post-copy.'],
  [
    { kind: 'post-copy-entered' },
    'Post-copy: lab-guest has left lab-source for good; the rest of its memory follows on demand.',
  ],
  [{ kind: 'recovery-requested', by: 'ada' }, 'ada asked to recover the paused post-copy.'],
  [
    { kind: 'links-unwatched', side: 'source', why: 'EPERM' },
    'The links of lab-source cannot be watched (EPERM); the kernel alone notices a lost path, which takes longer.',
  ],
  [
    {
      kind: 'path-failed',
      path: {
        sourceInterface: 'eth1',
        sourceAddress: '10.0.1.1',
        destinationInterface: 'eth1',
        destinationAddress: '10.0.1.2',
        mtu: 1500,
      },
      seen: 'trial',
      why: 'What answers at 10.0.1.2 is not the destination.',
    },
    'The path over eth1, from 10.0.1.1 to 10.0.1.2, leads nowhere: What answers at 10.0.1.2 is not the destination.',
  ],
  [{ kind: 'link-lost', side: 'source', interface: 'eth1' }, 'eth1 on lab-source lost its link.'],
  [
    { kind: 'link-back', side: 'destination', interface: 'eth1', afterMs: 2100 },
    'eth1 on lab-destination has its link back after 2.1 s.',
  ],
  [
    { kind: 'path-changed', by: 'ada', action: 'backup', path },
    'ada paused the path over eth1 (10.0.1.1 to 10.0.1.2): it carries data only when no other can.',
  ],
  [
    { kind: 'path-changed', by: 'switchyard', action: 'backup', path },
    'The path over eth1 (10.0.1.1 to 10.0.1.2) was made a backup, because it slows the connection down more than it helps: it carries data only when no other can.',
  ],
  [
    { kind: 'path-changed', by: 'switchyard', action: 'rejoin', path },
    'The path over eth1 (10.0.1.1 to 10.0.1.2) was announced again, so that it is rejoined at once.',
  ],
  [
    { kind: 'path-change-failed', action: 'add', path, failure },
    'Adding the path over eth1 failed: No space left on device.',
  ],
  [
    { kind: 'ended', outcome: 'safe-on-source', guest: 'source', explanation },
    'Not migrated: lab-guest is safe on lab-source. Nothing moved for 30 s over eth1.',
  ],
  [{ kind: 'go-back-requested', by: 'ann' }, 'ann asked to return lab-guest to lab-source.'],
  [
    { kind: 'ended', outcome: 'paused-recoverable', guest: 'stopped' },
    'Stopped: lab-guest is whole on lab-destination and does not run.',
  ],
  [{ kind: 'run-changed', side: 'source', run: 'stopped' }, 'lab-guest stopped on lab-source.'],
  [{ kind: 'run-changed', side: 'destination', run: 'running' }, 'lab-guest runs on lab-destination.'],
  [
    { kind: 'ended', outcome: 'unknown', guest: 'unknown' },
    'Not known: where lab-guest runs must be looked at; nothing more is touched.',
  ],
];

test.for(wordings)('%j', ([event, text]) => {
  expect(toldOf(event)).toBe(text);
});

test('no kind of event is without an example above', () => {
  const shown = new Set([...exampleEvents, ...wordings.map(([event]) => event)].map(({ kind }) => kind));
  expect(journalEventSchema.options.map(({ shape }) => shape.kind.value).filter((kind) => !shown.has(kind))).toEqual(
    [],
  );
});

test('every step reads differently as meant, done and failed', () => {
  const texts = stepNameSchema.options.flatMap((step) => [
    toldOf({ kind: 'intended', step }),
    toldOf({ kind: 'done', step }),
    toldOf({ kind: 'failed', step, failure }),
  ]);
  expect(new Set(texts).size).toBe(3 * stepNameSchema.options.length);
  expect(texts.filter((text) => !/^[A-Z\w].*[^.]\.$/.test(text ?? ''))).toEqual([]);
});

test('a lost path says where its traffic went: to all that are left, or nowhere', () => {
  const [first, second, third] = ['a', 'b', 'c'].map((id, index) => where(`t/${id}`, `eth${index}`));
  if (!first || !second || !third) throw new TypeError('three paths');
  const story = told(
    { kind: 'subflow-established', ...first },
    { kind: 'subflow-established', ...second },
    { kind: 'subflow-established', ...third },
    { kind: 'subflow-lost', ...first, why: 'no carrier' },
    { kind: 'subflow-closed', ...second },
    { kind: 'subflow-lost', ...third, why: 'no carrier' },
  );
  expect(story.slice(3)).toEqual([
    'eth0 lost (no carrier); traffic moved to eth1 and eth2.',
    'The subflow on eth1 closed.',
    'eth2 lost (no carrier); no other path carries traffic.',
  ]);
});

test('subflows that share an interface are distinguished, and are no refuge for each other', () => {
  const story = told(
    { kind: 'subflow-established', ...where('t1/1', 'eth1') },
    { kind: 'subflow-established', ...where('t2/1', 'eth1') },
    { kind: 'subflow-established', ...where('t2/2', 'eth2') },
    { kind: 'subflow-lost', ...where('t2/1', 'eth1'), why: 'no carrier' },
  );
  expect(story.at(-1)).toBe('eth1 (subflow t2/1) lost (no carrier); traffic moved to eth2.');
});

test('a path whose interface has gone keeps the name it had', () => {
  const { interface: _gone, ...nameless } = where('t/1', 'eth1');
  const story = told(
    { kind: 'subflow-established', ...where('t/1', 'eth1') },
    { kind: 'subflow-lost', ...nameless, why: 'the address is gone' },
  );
  expect(story[1]).toBe('eth1 lost (the address is gone); no other path carries traffic.');
});

test('what a host says stays on one line', () => {
  expect(toldOf({ kind: 'sampling-failed', why: 'one\n2026-11-22T12:00:00Z forged\u001b[2J' })).toBe(
    'The paths cannot be measured (one 2026-11-22T12:00:00Z forged\\u001b[2J); the migration continues.',
  );
});

test('before QEMU is asked to migrate, what it says of an earlier migration is left out', () => {
  const earlier: JournalEvent = {
    kind: 'observed',
    side: 'source',
    observation: { kind: 'answering', run: 'running', migration: 'failed', errorText: 'Unable to write to socket' },
  };
  expect(told(planned, earlier).at(-1)).toBe('The QEMU on lab-source is running.');
});

test('an iteration is judged against the least before it, once', () => {
  const iteration = (number: number, mebibytes: number): JournalEvent => ({
    kind: 'iteration',
    iteration: number,
    remainingBytes: mebibytes * 2 ** 20,
    transferredBytes: 0,
    dirtyPagesPerSecond: 0,
  });
  const texts = told(
    planned,
    iteration(1, 512),
    iteration(2, 100),
    iteration(2, 100),
    iteration(3, 180),
    iteration(4, 50),
    iteration(5, 0),
  );
  expect(texts.slice(1)).toEqual([
    'Iteration 1 begins: 512 MiB to send.',
    'Iteration 2 begins: 100 MiB were dirtied meanwhile.',
    'Iteration 2 begins: 100 MiB were dirtied meanwhile.',
    'Iteration 3 begins: 180 MiB were dirtied meanwhile: not converging.',
    'Iteration 4 begins: 50 MiB were dirtied meanwhile.',
    'Iteration 5, the last: nothing remains to be sent.',
  ]);
});
