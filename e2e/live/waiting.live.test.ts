import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Guest } from '#contract/host.ts';
import type { JournalEvent, MigrationRecord, MigrationSettings } from '#contract/migration.ts';
import type { MigrationRequest } from '#contract/requests.ts';
import { LabByHand } from '#e2e/support/by-hand/lab-by-hand.ts';
import { whyNoLabs } from '#lab/testing/requirements.ts';
import { presenceOf, terminate } from '#main/hosts/process/identity.ts';

const reason = await whyNoLabs();
let lab: LabByHand;
const waiting: Guest[] = [];

async function startWaiting(incoming: string, change?: (argv: string[]) => string[]): Promise<Guest> {
  const { there } = await lab.sides();
  const guest = await lab.startWaiting(there, incoming, change);
  waiting.push(guest);
  return guest;
}

interface Moved {
  readonly record: MigrationRecord;
  readonly events: readonly JournalEvent[];
}

async function move(
  settings: Partial<MigrationSettings>,
  more: Pick<MigrationRequest, 'toWaiting' | 'incoming'>,
  onEvent: (event: JournalEvent, cancel: () => void) => void = () => undefined,
): Promise<Moved> {
  const started = await lab.application.start(await lab.wish(settings, more));
  if (started.kind === 'refused') throw new Error(started.refusals.map(({ text }) => text).join(' '));
  const { migration } = started;
  const events = migration.history.map(({ event }) => event);
  migration.subscribe({
    onEntry: ({ event }) => {
      events.push(event);
      onEvent(event, () => void migration.ask({ command: 'cancel', by: 'test' }));
    },
  });
  await migration.ended;
  return { record: await lab.application.record(migration.id), events };
}

function position(events: readonly JournalEvent[], wanted: (event: JournalEvent) => boolean): number {
  return events.findIndex(wanted);
}

/** Refused by preflight: the checks that failed, by id. */
async function refusedFor(
  settings: Partial<MigrationSettings>,
  more: Pick<MigrationRequest, 'toWaiting' | 'incoming'>,
): Promise<Record<string, string>> {
  const { refusals } = await lab.application.preflight(await lab.wish(settings, more));
  return Object.fromEntries(refusals.map(({ id, text, remedy }) => [id, `${text} ${remedy ?? ''}`]));
}

describe.skipIf(reason !== '')(`a QEMU that waits${reason}`, () => {
  beforeAll(async () => {
    lab = await LabByHand.make('wait');
  });
  afterEach(async () => {
    const guest = await lab.guest();
    for (const { identity } of waiting.splice(0)) if (identity.pid !== guest.identity.pid) await terminate(identity);
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  test('is listed as waiting, with what it waits for', async () => {
    const { identity } = await startWaiting('tcp:0:4444,mptcp');
    const { there } = await lab.sides();
    const { out } = await lab.type('guests', lab.host(there));
    expect(out).toMatch(new RegExp(`${identity.pid} .*waits for a migration \\(-incoming tcp:0:4444,mptcp\\)`));
  });

  test('takes a guest there by defer and back by an address, over both links', async () => {
    const moves: object[] = [];
    for (const incoming of ['defer', 'tcp:0:4444,mptcp']) {
      const { identity } = await startWaiting(incoming);
      const { record } = await move({ mptcp: 'require' }, { toWaiting: lab.guestName });
      const guest = await lab.guest();
      moves.push({
        outcome: record.outcome,
        negotiated: record.transport.negotiated,
        subflows: record.subflows.length,
        isTheOne: guest.identity.pid === identity.pid,
      });
    }
    const moved = { outcome: 'done-on-destination', negotiated: 'mptcp', subflows: 2, isTheOne: true };
    expect(moves).toEqual([moved, moved]);
    expect(await lab.proof()).toMatchObject({ proven: true });
  });

  test.each(['defer', 'tcp:0:0'])(
    '-incoming %s: does not start the guest by itself, though it has no -S',
    async (incoming) => {
      const { argv } = await startWaiting(incoming);
      const { events } = await move({}, { toWaiting: lab.guestName });
      const arrived = position(
        events,
        ({ ...event }) =>
          event.kind === 'observed' &&
          event.side === 'destination' &&
          event.observation.kind === 'answering' &&
          event.observation.run === 'paused' &&
          event.observation.migration === 'completed',
      );
      const resumed = position(events, (event) => event.kind === 'intended' && event.step === 'resume-destination');
      const ranBefore = events
        .slice(0, resumed)
        .filter(
          (event) =>
            event.kind === 'observed' &&
            event.side === 'destination' &&
            event.observation.kind === 'answering' &&
            event.observation.run === 'running',
        );
      expect([argv.includes('-S'), arrived > 0 && arrived < resumed, ranBefore]).toEqual([false, true, []]);
      expect(await lab.proof()).toMatchObject({ proven: true });
    },
  );

  test('takes a connection that Switchyard makes', async () => {
    await startWaiting('defer');
    const { record } = await move({ mptcp: 'require', socket: 'app' }, { toWaiting: lab.guestName });
    expect([record.outcome, record.subflows.length]).toEqual(['done-on-destination', 2]);
    expect(await lab.proof()).toMatchObject({ proven: true });
  });

  test('is ended when the migration is cancelled, and the guest stays', async () => {
    const { identity } = await startWaiting('defer');
    const { here } = await lab.sides();
    const { record } = await move(
      { bandwidthBitsPerSecond: 100e6 },
      { toWaiting: lab.guestName },
      (event, cancel) => event.kind === 'iteration' && cancel(),
    );
    expect([record.outcome, presenceOf(identity), (await lab.sides()).here]).toEqual(['safe-on-source', 'gone', here]);
    expect(await lab.proof()).toMatchObject({ proven: true });
  });

  test('is left alone, and says why, when it does not fit', async () => {
    const { identity } = await startWaiting('defer', (argv) =>
      argv.map((each, index) => {
        if (argv[index - 1] === '-uuid') return '00000000-1111-2222-3333-444444444444';
        if (argv[index - 1] === '-m') return '32760K';
        return argv[index - 1] === '-machine' ? 'q35' : each;
      }),
    );
    expect(await refusedFor({}, { toWaiting: String(identity.pid) })).toEqual({
      'waiting-guest': expect.stringContaining('it was started for another guest'),
      'waiting-hardware': expect.stringMatching(
        /machine pc-q35-\S+ instead of pc-i440fx-\S+ and 32 MiB of memory instead of 64 MiB/,
      ),
    });
    expect(presenceOf(identity)).toBe('present');
  });

  test('is refused with a slip of the finger in its address, which its QEMU has passed over', async () => {
    await startWaiting('tcp:0:4444,mptpc');
    expect(await refusedFor({}, { toWaiting: lab.guestName })).toEqual({
      'waiting-address': expect.stringContaining('Did you mean mptcp?'),
    });
  });

  test('is refused for Multipath TCP when it listens without', async () => {
    await startWaiting('tcp:0:4444');
    expect(await refusedFor({ mptcp: 'require' }, { toWaiting: lab.guestName })).toEqual({
      'waiting-mptcp': expect.stringContaining('It listens without MPTCP'),
    });
  });

  test('is found in the way when it was not asked for', async () => {
    await startWaiting('defer');
    expect(await refusedFor({}, {})).toEqual({
      'same-guest': expect.stringContaining(`use it with --to-waiting ${lab.guestName}`),
    });
  });
});

describe.skipIf(reason !== '')(`the address of the listener${reason}`, () => {
  beforeAll(async () => {
    lab = await LabByHand.make('addr');
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  test.each(['qemu', 'app'] as const)('is the one that was asked for, with the sockets of %s', async (socket) => {
    const { there } = await lab.sides();
    const seen = new Set<string>();
    const look = (event: JournalEvent): void => {
      if (event.kind === 'iteration')
        for (const line of lab.on(there, 'ss', '-Hltn').trim().split('\n')) seen.add(line);
    };
    const address = there === 'destination' ? '10.77.1.2' : '10.77.1.1';
    const { record } = await move({ socket, mptcp: 'require' }, { incoming: `tcp:${address}:4477,mptcp=on` }, look);
    expect([record.outcome, [...seen].some((line) => line.includes(`${address}:4477`))]).toEqual([
      'done-on-destination',
      true,
    ]);
    // The kernel itself listens for the subflows of the other path, on the port that was announced with it.
    expect(record.subflows.length).toBe(2);
    await sleep(50);
    expect(lab.listeningPorts(there)).toEqual([]);
  });

  test.each([
    ['tcp:0:4444,mptpc', 'Did you mean mptcp?'],
    ['tpc:0:4444', 'Did you mean tcp:?'],
    ['tcp:0:4444,keep-alive=on', 'Only to= and mptcp= are taken here'],
    ['unix:/tmp/x', 'write tcp:HOST:PORT'],
  ])('%s is a usage error', async (incoming, words) => {
    const { from, to } = await lab.wish({});
    const { code, log } = await lab.type('migrate', lab.guestName, '--from', from, '--to', to, '--incoming', incoming);
    expect([code, log]).toEqual([2, expect.stringContaining(words)]);
  });

  test('is refused where no path leads', async () => {
    expect(await refusedFor({}, { incoming: 'tcp:192.0.2.9:4444' })).toEqual({
      'listener-address': expect.stringContaining('No path leads to 192.0.2.9'),
    });
  });
});
