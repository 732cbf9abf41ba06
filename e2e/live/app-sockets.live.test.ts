import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { JournalEvent, MigrationRecord, MigrationSettings } from '#contract/migration.ts';
import { LabByHand, openDescriptors, said } from '#e2e/support/by-hand/lab-by-hand.ts';
import { labLink } from '#lab/lab.ts';
import { whyNoLabs } from '#lab/testing/requirements.ts';
import type { OpenMigration } from '#main/app/managed.ts';
import { namespacePlace } from '#main/hosts/network-place.ts';
import { waitUntilReady } from '#native/readiness.ts';
import { connect, openSocket, receive } from '#native/socket.ts';

const reason = await whyNoLabs();
let lab: LabByHand;

/** Slow enough to do something meanwhile: some three seconds. */
const slowly = { socket: 'app', bandwidthBitsPerSecond: 150e6 } as const;

async function start(settings: Partial<MigrationSettings>): Promise<{ open: OpenMigration; events: JournalEvent[] }> {
  const started = await lab.application.start(await lab.wish({ socket: 'app', ...settings }));
  if (started.kind === 'refused') throw new Error(started.refusals.map(({ text }) => text).join(' '));
  const events = started.migration.history.map(({ event }) => event);
  started.migration.subscribe({ onEntry: ({ event }) => void events.push(event) });
  return { open: started.migration, events };
}

async function finished({ open }: { readonly open: OpenMigration }): Promise<MigrationRecord> {
  await open.ended;
  return lab.application.record(open.id);
}

async function until(condition: () => boolean): Promise<void> {
  for (const deadlineMs = performance.now() + 20_000; !condition();) {
    if (performance.now() > deadlineMs) throw new Error('it did not come to this');
    await sleep(10);
  }
}

function copies(events: readonly JournalEvent[]): boolean {
  return events.some(({ kind }) => kind === 'iteration');
}

function stepsOf(events: readonly JournalEvent[]): string[] {
  return events.flatMap((event) => (event.kind === 'intended' ? [event.step] : []));
}

/** Of this process, and of a QEMU. */
function descriptors(pid: number): Promise<readonly number[]> {
  return Promise.all([openDescriptors(), openDescriptors(pid)]);
}

describe.skipIf(reason !== '')(`connections that Switchyard makes itself${reason}`, () => {
  beforeAll(async () => {
    lab = await LabByHand.make('own');
  });
  afterEach(async () => {
    for (const side of ['source', 'destination'] as const) lab.on(side, 'sysctl', '-qw', 'net.mptcp.enabled=1');
    for (const index of [1, 2]) await labLink(lab.name, index, 'up');
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  test('carry a guest over both links, there and back, and lose nothing', async () => {
    const records = [
      await finished(await start({ mptcp: 'require' })),
      await finished(await start({ mptcp: 'require' })),
    ];
    expect(
      records.map(({ outcome, transport, subflows }) => ({
        outcome,
        negotiated: transport.negotiated,
        shares: subflows.map(({ shareFraction }) => shareFraction > 0.3),
      })),
    ).toEqual([
      { outcome: 'done-on-destination', negotiated: 'mptcp', shares: [true, true] },
      { outcome: 'done-on-destination', negotiated: 'mptcp', shares: [true, true] },
    ]);
    expect(await lab.proof()).toMatchObject({ proven: true });
  });

  test('have joined over every path before the first byte of the guest', async () => {
    const { events, subflows } = await finished(await start({ mptcp: 'require' }));
    const negotiated = events.find(({ kind }) => kind === 'negotiated');
    expect([negotiated?.text, subflows.length]).toEqual([
      expect.stringContaining('Multipath TCP confirmed by the kernel, 2 subflows'),
      2,
    ]);
  });

  test('leave no descriptor behind, here or in the QEMU that stays', async () => {
    await finished(await start({}));
    const { identity } = await lab.guest();
    const before = await descriptors(identity.pid);
    const cancelled = await start(slowly);
    await until(() => copies(cancelled.events));
    await cancelled.open.ask({ command: 'cancel', by: 'test' });
    expect((await finished(cancelled)).outcome).toBe('safe-on-source');
    expect(await descriptors(identity.pid)).toEqual(before);
    await finished(await start({}));
    expect(await openDescriptors()).toBe(before[0]);
    expect(await lab.proof()).toMatchObject({ proven: true });
  });

  test('can be cancelled, and are found again by the next attempt', async () => {
    const run = await start(slowly);
    await until(() => copies(run.events));
    await run.open.ask({ command: 'cancel', by: 'test' });
    expect((await finished(run)).outcome).toBe('safe-on-source');
    expect((await finished(await start({ mptcp: 'require' }))).outcome).toBe('done-on-destination');
  });

  test('keep their listener for as long as subflows may join, and not longer', async () => {
    const { there } = await lab.sides();
    const run = await start(slowly);
    await until(() => copies(run.events));
    const during = lab.listeningPorts(there).length;
    await finished(run);
    expect([during, lab.listeningPorts(there)]).toEqual([1, []]);
  });

  test('let a link that comes back join again', async () => {
    const run = await start({ ...slowly, bandwidthBitsPerSecond: 100e6 });
    await until(() => copies(run.events));
    await labLink(lab.name, 2, 'down');
    await sleep(700);
    await labLink(lab.name, 2, 'up');
    const { outcome, events } = await finished(run);
    const joined = events.filter(({ kind, text }) => kind === 'subflow-established' && text.startsWith('eth2'));
    expect([outcome, joined.length > 1]).toEqual(['done-on-destination', true]);
    expect(await lab.proof()).toMatchObject({ proven: true });
  });

  test('hang up on strangers, who would end a QEMU that listens itself', async () => {
    const { here, there } = await lab.sides();
    const run = await start(slowly);
    await until(() => copies(run.events));
    const [port = 0] = lab.listeningPorts(there);
    using stranger = namespacePlace(lab.host(here)).run(() => openSocket('ipv4', 'tcp'));
    const address = there === 'destination' ? '10.77.1.2' : '10.77.1.1';
    const hungUpOn = async (): Promise<void> => {
      await connect(stranger, { family: 'ipv4', address, port }, { timeoutMs: 1000 });
      await waitUntilReady(stranger, 'readable', { timeoutMs: 1000 });
      receive(stranger, 1);
    };
    // The reset may come before `connect` has returned.
    await expect(hungUpOn()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect((await finished(run)).outcome).toBe('done-on-destination');
  });

  test('are not used for the guest when they turn out to be TCP and Multipath TCP is required', async () => {
    const { here, there } = await lab.sides();
    const guest = await lab.guest();
    const before = await descriptors(guest.identity.pid);
    const run = await start({ mptcp: 'require' });
    // Preflight has found it on; the destination is being started at this moment.
    lab.on(there, 'sysctl', '-qw', 'net.mptcp.enabled=0');
    const { outcome, guestState, explanation, transport } = await finished(run);
    expect({ outcome, guestState, explanation, negotiated: transport.negotiated }).toEqual({
      outcome: 'safe-on-source',
      guestState: 'source',
      explanation: expect.objectContaining({
        phase: 'cancelling',
        cause: expect.stringMatching(/^Multipath TCP was required and the connection is plain TCP: .* as before\.$/),
        next: expect.stringContaining(`ip netns exec ${lab.host(there)} sysctl -w net.mptcp.enabled=1`),
      }),
      negotiated: 'tcp',
    });
    expect(stepsOf(run.events)).toEqual([
      'start-destination',
      'compare-twin',
      'negotiate-capabilities',
      'try-paths',
      'check-disks',
      'listen',
      'connect',
      'quit-destination',
    ]);
    expect((await lab.sides()).here).toBe(here);
    expect(await descriptors(guest.identity.pid)).toEqual(before);
  });

  test('carry the guest over TCP when that is good enough, and say so', async () => {
    const { there } = await lab.sides();
    const run = await start({ mptcp: 'prefer' });
    lab.on(there, 'sysctl', '-qw', 'net.mptcp.enabled=0');
    const { outcome, transport, subflows } = await finished(run);
    expect([outcome, transport.negotiated, transport.fallback, subflows.length]).toEqual([
      'done-on-destination',
      'tcp',
      true,
      1,
    ]);
    expect(await lab.proof()).toMatchObject({ proven: true });
  });

  test('are pulled free when both links have died under way', async () => {
    const run = await start({ ...slowly, stallLimitMs: 1500 });
    await until(() => copies(run.events));
    for (const index of [1, 2]) await labLink(lab.name, index, 'silent');
    const { outcome, explanation } = await finished(run);
    expect([outcome, explanation?.cause]).toEqual(['safe-on-source', expect.stringMatching(/^Nothing moved for/)]);
    expect(await lab.proof()).toMatchObject({ proven: true });
  });

  test('live on without the manager that made them', async () => {
    const { from, to } = await lab.wish({});
    const child = lab.typed([
      'migrate',
      lab.guestName,
      '--from',
      from,
      '--to',
      to,
      '--socket',
      'app',
      '--bandwidth',
      '150mbit',
    ]);
    let printed = '';
    child.stdout?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    await until(() => printed.includes('Iteration 1'));
    child.kill('SIGKILL');
    await said(child);
    const [open] = await lab.application.history();
    const watched = await lab.type('watch', open?.id ?? '', '--json');
    expect([watched.code, watched.log]).toEqual([0, expect.stringContaining('took the migration up again')]);
    expect(await lab.proof()).toMatchObject({ proven: true });
  });

  test.each([
    [['--socket', 'app', '--parallel-connections', '2'], 3, 'Parallel connections are made by QEMU itself'],
    [['--congestion-control', 'bbr'], 2, 'Add --socket app.'],
  ])('%j is refused', async (options, code, words) => {
    const { from, to } = await lab.wish({});
    const answer = await lab.type('preflight', lab.guestName, '--from', from, '--to', to, ...options);
    expect([answer.code, answer.out + answer.log]).toEqual([code, expect.stringContaining(words)]);
  });
});
