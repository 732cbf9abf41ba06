import { describe, expect, test } from 'vitest';
import { SwitchyardError } from '#contract/errors.ts';
import type { MptcpEndpoint } from '#contract/host.ts';
import type { JournalEvent, Path, Plan } from '#contract/migration.ts';
import type { Sample, SubflowSample } from '#contract/telemetry.ts';
import { LivePaths } from './live-paths.ts';
import type { MigrationHost, PathEnd } from './ports.ts';
import { begun, plan, stateAfter } from './simulation/states.ts';
import { VirtualClock } from './simulation/virtual-clock.ts';
import { apply, type MigrationState } from './state.ts';

/** The paths of a living connection over two links, against hosts that only write down what they were asked, and when. */

const paths = [1, 2].map((link): Path => ({
  sourceInterface: `eth${link}`,
  sourceAddress: `10.0.${link}.1`,
  destinationInterface: `ens${link}`,
  destinationAddress: `10.0.${link}.2`,
  mtu: 1500,
  speedBitsPerSecond: 1e9,
}));

type States = readonly SubflowSample['state'][];
/** Of the subflows on each path. */
type Carrying = Readonly<Record<'eth1' | 'eth2', States>>;
const both: Carrying = { eth1: ['active'], eth2: ['active'] };

interface Circumstances {
  /** Planned as a backup: the second path. */
  readonly backup?: true;
  readonly endpoints?: readonly MptcpEndpoint[];
  readonly preparation?: Plan['preparation'];
  readonly carrying?: Carrying;
  readonly journal?: readonly JournalEvent[];
}

class Stage {
  readonly clock = new VirtualClock();
  /** `at ms: what` */
  readonly asked: string[] = [];
  readonly faults: unknown[] = [];
  readonly reported: unknown[] = [];
  readonly live: LivePaths;
  /** Calls that fail, by their first words. */
  readonly failing = new Map<string, Error>();
  recordFails: Error | undefined;
  sending = true;
  carrying: Carrying;
  #state: MigrationState;
  readonly #events: JournalEvent[] = [];

  constructor({ backup, endpoints = [], preparation, carrying = both, journal = begun }: Circumstances = {}) {
    const destination = { ...plan.destination, mptcp: { ...plan.destination.mptcp, endpoints: [...endpoints] } };
    const planned = paths.map((path, index) => (backup && index === 1 ? { ...path, backup } : path));
    const changes = { paths: planned, destination, ...(preparation ? { preparation } : {}) };
    this.carrying = carrying;
    this.#state = stateAfter(journal, changes);
    this.live = new LivePaths({
      ports: {
        source: this.#host('source'),
        destination: this.#host('destination'),
        clock: this.clock,
        plan: this.#state.plan,
        report: (thrown) => `incident ${this.reported.push(thrown)}`,
      },
      state: () => this.#state,
      isSending: () => this.sending,
      lastSample: () => this.sample,
      record: (event) => this.#record(event),
      onFault: (thrown) => void this.faults.push(thrown),
    });
  }

  get sample(): Sample {
    return { atMonoMs: 0, atEpochMs: 0, connections: [], subflows: this.#subflows(), throughputBitsPerSecond: 0 };
  }

  /** The journal's events in short. */
  get told(): string[] {
    return this.#events.map((event) => {
      switch (event.kind) {
        case 'path-changed':
          return `${event.by}: ${event.action} ${event.path.sourceInterface}`;
        case 'path-change-failed':
          return `failed: ${event.action} ${event.path.sourceInterface}: ${event.failure.kind}`;
        case 'link-lost':
          return `lost ${event.side} ${event.interface}`;
        case 'link-back':
          return `back ${event.side} ${event.interface} after ${event.afterMs}`;
        default:
          return event.kind;
      }
    });
  }

  /** Lets so much time pass, in which everything that is under way ends. */
  async pass(ms = 1000): Promise<void> {
    await this.clock.pass(ms);
  }

  /** Begins, and forgets what that was like. */
  async begun(): Promise<this> {
    await this.clock.until(this.live.begin());
    await this.pass(0);
    return this;
  }

  link(side: 'source' | 'destination', name: string, carrier: boolean): void {
    this.live.linkChanged(side, name, carrier);
  }

  /** What the operator is answered. */
  async change(action: 'add' | 'remove' | 'backup' | 'resume', name: string): Promise<unknown> {
    const change = this.live.change('ann', action, name);
    return this.clock.until(
      change.then(
        () => 'done',
        (thrown: unknown) => (thrown instanceof SwitchyardError ? thrown.failure : thrown),
      ),
    );
  }

  #record(event: JournalEvent): Promise<void> {
    if (this.recordFails) return Promise.reject(this.recordFails);
    this.#events.push(event);
    this.#state = apply(this.#state, event);
    return Promise.resolve();
  }

  #subflows(): SubflowSample[] {
    return paths.flatMap(({ sourceInterface, sourceAddress, destinationAddress }) => {
      const states = this.carrying[sourceInterface === 'eth1' ? 'eth1' : 'eth2'];
      const ends = { localAddress: sourceAddress, localPort: 1, remoteAddress: destinationAddress, remotePort: 2 };
      const rates = { bytesSent: 0, bytesRetransmitted: 0, throughputBitsPerSecond: 0, shareFraction: 0.5 };
      const quality = { rttUs: 1, rttVarianceUs: 1, congestionWindowBytes: 1, retransmits: 0, unsentBytes: 0 };
      return states.map((state) => ({
        id: sourceInterface,
        interface: sourceInterface,
        state,
        ...ends,
        ...rates,
        ...quality,
      }));
    });
  }

  #host(side: string): MigrationHost {
    const ask = (what: string): Promise<void> => {
      this.asked.push(`${this.clock.monoMs()}: ${side} ${what}`);
      const failure = [...this.failing].find(([words]) => `${side} ${what}`.startsWith(words))?.[1];
      return failure ? Promise.reject(failure) : Promise.resolve();
    };
    const host: Pick<MigrationHost, 'changePath' | 'closeSubflows' | 'askNeighboursAnew'> = {
      changePath: (_lease, change, end) => ask(`${change} ${inWords(end)}`),
      closeSubflows: ({ localAddress, remoteAddress, port }) => ask(`closes ${localAddress} ${remoteAddress} ${port}`),
      askNeighboursAnew: (name) => ask(`asks on ${name}`),
    };
    return Object.assign(Object.create(null), host);
  }
}

function inWords({ address, flags }: PathEnd): string {
  return [address, ...flags].join(' ');
}

function refused(text: string, remedy: string): object {
  return { kind: 'rejected', phase: 'connecting', event: 'path', text, remedy };
}

/** The subflows of eth2 are closed at one end, and at the other what has not heard of it. */
const withdrawnFrom = (ms: number, end = '10.0.2.2 signal'): string[] => [
  `${ms}: destination withdraw ${end}`,
  `${ms + 50}: source closes 10.0.2.1 10.0.2.2 42001`,
];
const closedFirst = (ms: number): string => `${ms}: destination closes 10.0.2.2 10.0.2.1 42001`;
const announcedAt = (ms: number, end = '10.0.2.2 signal'): string[] => [`${ms}: destination announce ${end}`];
const askedAt = (ms: number): string => `${ms}: source asks on eth2`;

describe('a path that makes the migration slower', () => {
  const foreign: MptcpEndpoint = { id: 1, address: '10.0.2.2', flags: ['signal'] };
  const paused = [['switchyard: backup eth2'], ['0: destination pause 10.0.2.2 signal backup']];

  /** Three seconds in which the second path brings next to nothing, and data waits there. */
  async function slowed(stage: Stage): Promise<void> {
    for (let atMonoMs = 0; atMonoMs <= 3000; atMonoMs += 100) {
      const subflows = stage.sample.subflows.map((each) =>
        each.interface === 'eth1'
          ? { ...each, bytesSent: atMonoMs * 1000, rttUs: 1000 }
          : { ...each, bytesSent: atMonoMs, rttUs: 50_000 },
      );
      stage.live.sampled({ ...stage.sample, atMonoMs, subflows });
    }
    await stage.pass(0);
  }

  test('becomes a backup once that is seen', async () => {
    const stage = await new Stage().begun();
    await slowed(stage);
    expect([stage.told, stage.asked]).toEqual(paused);
  });

  test('that is planned as a backup becomes one at once where another program announces it as an ordinary path', async () => {
    const stage = await new Stage({ backup: true, endpoints: [foreign] }).begun();
    expect([stage.told, stage.asked]).toEqual(paused);
  });

  test('that is announced as the backup that it is planned as stays as it is', async () => {
    const endpoint = { address: '10.0.2.2', interface: 'ens2', flags: ['signal' as const, 'backup' as const] };
    const preparation = { source: [], destination: [{ kind: 'add-endpoint' as const, endpoint }] };
    const stage = await new Stage({ backup: true, preparation }).begun();
    expect([stage.told, stage.asked]).toEqual([[], []]);
  });

  test.each(['resume', 'backup'] as const)('stays as the operator wants it: %s', async (action) => {
    const stage = await new Stage().begun();
    await stage.change(action, 'eth2');
    const before = [stage.told.length, stage.asked.length];
    await slowed(stage);
    expect([stage.told.length, stage.asked.length]).toEqual(before);
  });

  test.each<[string, Carrying]>([['no other carries anything', { eth1: ['failing'], eth2: ['active'] }]])(
    'stays as it is where %s',
    async (_, carrying) => {
      const stage = await new Stage({ backup: true, endpoints: [foreign], carrying }).begun();
      expect([stage.told, stage.asked]).toEqual([[], []]);
    },
  );

  test('stays as it is where nothing is sent any more', async () => {
    const stage = new Stage({ backup: true, endpoints: [foreign] });
    stage.sending = false;
    await stage.begun();
    expect([stage.told, stage.asked]).toEqual([[], []]);
  });

  test('stays as it is where another program keeps its address and does not announce it', async () => {
    const stage = await new Stage({ endpoints: [{ ...foreign, flags: ['subflow'] }] }).begun();
    await slowed(stage);
    expect([stage.told, stage.asked]).toEqual([[], []]);
  });

  test('that cannot be paused is reported, and no fault', async () => {
    const stage = new Stage({ backup: true, endpoints: [foreign] });
    stage.failing.set(
      'destination pause',
      new SwitchyardError({ kind: 'unreachable', host: 'beta', text: 'No.', remedy: '' }),
    );
    await stage.begun();
    expect([stage.told, stage.faults]).toEqual([['switchyard: backup eth2', 'failed: backup eth2: unreachable'], []]);
  });
});

describe('a link that is lost', () => {
  test.each([
    ['source', 'eth2'],
    ['destination', 'ens2'],
  ] as const)('on the %s: its path is withdrawn, and closed where that is not received', async (side, name) => {
    const stage = await new Stage().begun();
    stage.link(side, name, false);
    await stage.pass();
    expect([stage.told, stage.asked]).toEqual([
      [`lost ${side} ${name}`, 'switchyard: withdraw eth2'],
      [closedFirst(0), ...withdrawnFrom(0)],
    ]);
  });

  test('of no path of this migration is nothing to it', async () => {
    const stage = await new Stage().begun();
    stage.link('source', 'ens2', false);
    stage.link('destination', 'eth2', false);
    await stage.pass();
    expect([stage.told, stage.asked]).toEqual([[], []]);
  });

  test.each<[string, Carrying]>([
    ['has no subflow', { eth1: [], eth2: ['active'] }],
    ['fails', { eth1: ['failing'], eth2: ['active'] }],
    ['is stale', { eth1: ['stale'], eth2: ['active'] }],
  ])('is the last that carries where the other %s: it is not withdrawn', async (_what, carrying) => {
    const stage = await new Stage({ carrying }).begun();
    stage.link('source', 'eth2', false);
    await stage.pass();
    expect([stage.told, stage.asked]).toEqual([['lost source eth2'], []]);
  });

  test('may be withdrawn where the other is a backup: it carries then', async () => {
    const stage = await new Stage({ carrying: { eth1: ['backup'], eth2: ['active'] } }).begun();
    stage.link('source', 'eth2', false);
    await stage.pass();
    expect(stage.told).toEqual(['lost source eth2', 'switchyard: withdraw eth2']);
  });

  test('is not withdrawn when the other is without its link as well, whatever was sampled last', async () => {
    const others: MptcpEndpoint = { id: 1, address: '10.0.1.2', flags: ['subflow'] };
    const stage = await new Stage({ endpoints: [others] }).begun();
    stage.link('source', 'eth1', false);
    stage.link('source', 'eth2', false);
    await stage.pass();
    expect(stage.told).toEqual(['lost source eth1', 'lost source eth2']);
  });

  test('is not withdrawn when the other is back and not yet announced again', async () => {
    const stage = await new Stage().begun();
    stage.link('source', 'eth1', false);
    await stage.pass(10);
    stage.link('source', 'eth1', true);
    stage.link('source', 'eth2', false);
    await stage.pass();
    expect(stage.told.slice(1)).toEqual([
      'switchyard: withdraw eth1',
      'back source eth1 after 10',
      'lost source eth2',
      'switchyard: rejoin eth1',
    ]);
  });

  test('twice is withdrawn once', async () => {
    const stage = await new Stage().begun();
    stage.link('source', 'eth2', false);
    stage.link('destination', 'ens2', false);
    await stage.pass();
    expect(stage.told).toEqual(['lost source eth2', 'lost destination ens2', 'switchyard: withdraw eth2']);
  });

  test('is only reported where its path is an endpoint of another program that is not announced', async () => {
    const stage = await new Stage({ endpoints: [{ id: 1, address: '10.0.2.2', flags: ['subflow'] }] }).begun();
    stage.link('source', 'eth2', false);
    await stage.pass();
    expect([stage.told, stage.asked]).toEqual([['lost source eth2'], []]);
  });

  test('when nothing is sent any more has no effect', async () => {
    const stage = await new Stage().begun();
    stage.sending = false;
    stage.link('source', 'eth2', false);
    await stage.pass();
    expect([stage.told, stage.asked]).toEqual([[], []]);
  });
});

test('a link is lost as the connection sends its last: its path is left alone', async () => {
  const stage = await new Stage().begun();
  stage.link('source', 'eth2', false);
  stage.sending = false;
  await stage.pass();
  expect([stage.told, stage.asked]).toEqual([['lost source eth2'], []]);
});

describe('before the connection exists', () => {
  test('nothing is reported and nothing is done about a link', async () => {
    const stage = new Stage();
    stage.link('source', 'eth2', false);
    await stage.pass();
    expect([stage.told, stage.asked]).toEqual([[], []]);
  });

  test('what is lost then is reported when it begins, once, and withdrawn', async () => {
    const stage = new Stage();
    stage.link('source', 'eth2', false);
    await stage.begun();
    await stage.begun();
    await stage.pass();
    expect([stage.told, stage.asked]).toEqual([
      ['lost source eth2', 'switchyard: withdraw eth2'],
      [closedFirst(0), ...withdrawnFrom(0)],
    ]);
  });

  test('what is lost then as the last that carries is brought back later', async () => {
    const stage = new Stage({ carrying: { eth1: [], eth2: ['active'] } });
    stage.link('source', 'eth2', false);
    await stage.begun();
    stage.link('source', 'eth2', true);
    await stage.pass(0);
    stage.carrying = { eth1: ['active'], eth2: ['stale'] };
    stage.live.sampled(stage.sample);
    await stage.pass();
    expect(stage.told).toEqual(['lost source eth2', 'back source eth2 after 0', 'switchyard: rejoin eth2']);
  });

  test('what is back by then needs nothing', async () => {
    const stage = new Stage();
    stage.link('source', 'eth2', false);
    stage.link('source', 'eth2', true);
    await stage.begun();
    stage.live.sampled(stage.sample);
    await stage.pass();
    expect([stage.told, stage.asked]).toEqual([[], []]);
  });
});

describe('a link that is back', () => {
  test('has its path announced again at once', async () => {
    const stage = await new Stage().begun();
    stage.link('source', 'eth2', false);
    await stage.pass(5000);
    stage.link('source', 'eth2', true);
    await stage.pass();
    expect([stage.told.slice(2), stage.asked.slice(3)]).toEqual([
      ['back source eth2 after 5000', 'switchyard: rejoin eth2'],
      [askedAt(5000), ...announcedAt(5000)],
    ]);
  });

  test('too soon waits, so that the end of the old announcement is not taken for one of the new', async () => {
    const stage = await new Stage().begun();
    stage.link('source', 'eth2', false);
    await stage.pass(60);
    stage.link('source', 'eth2', true);
    await stage.pass();
    expect(stage.asked.slice(3)).toEqual([askedAt(60), ...announcedAt(150)]);
  });

  test('waits for both of its ends', async () => {
    const stage = await new Stage().begun();
    stage.link('source', 'eth2', false);
    stage.link('destination', 'ens2', false);
    await stage.pass();
    stage.link('source', 'eth2', true);
    await stage.pass();
    expect(stage.told.at(-1)).toBe('back source eth2 after 1000');
    stage.link('destination', 'ens2', true);
    await stage.pass();
    expect(stage.told.slice(-2)).toEqual(['back destination ens2 after 2000', 'switchyard: rejoin eth2']);
  });

  test('that was never lost is reported, and nothing else is done', async () => {
    const stage = await new Stage().begun();
    stage.link('source', 'eth2', true);
    await stage.pass();
    expect([stage.told, stage.asked]).toEqual([['back source eth2 after 0'], []]);
  });

  test('after the connection has sent its last is not announced: that would outlive the migration', async () => {
    const stage = await new Stage().begun();
    stage.link('source', 'eth2', false);
    await stage.pass(60);
    stage.link('source', 'eth2', true);
    await stage.pass(10);
    stage.sending = false;
    await stage.pass();
    expect(stage.asked.slice(3)).toEqual([askedAt(60)]);
  });

  test('of a path that the operator has removed stays as it is', async () => {
    const stage = await new Stage().begun();
    await stage.change('remove', 'eth2');
    const { length } = stage.told;
    stage.link('source', 'eth2', false);
    stage.link('source', 'eth2', true);
    await stage.pass();
    expect(stage.told.slice(length)).toEqual(['lost source eth2', 'back source eth2 after 0']);
  });

  test('that was the last one is brought back as soon as another carries', async () => {
    const stage = await new Stage({ carrying: { eth1: [], eth2: ['active'] } }).begun();
    stage.link('source', 'eth2', false);
    stage.link('source', 'eth2', true);
    await stage.pass(100);
    stage.carrying = { eth1: ['active'], eth2: ['stale'] };
    stage.live.sampled(stage.sample);
    stage.live.sampled(stage.sample);
    await stage.pass();
    expect([stage.told.slice(2), stage.asked]).toEqual([
      ['switchyard: rejoin eth2'],
      [...withdrawnFrom(100), askedAt(150), ...announcedAt(250)],
    ]);
  });

  test('that carries by itself needs nothing, also later', async () => {
    const stage = await new Stage({ carrying: { eth1: [], eth2: ['active'] } }).begun();
    stage.link('source', 'eth2', false);
    stage.link('source', 'eth2', true);
    await stage.pass();
    stage.carrying = { eth1: [], eth2: ['stale', 'active'] };
    stage.live.sampled(stage.sample);
    stage.carrying = { eth1: ['active'], eth2: ['stale'] };
    stage.live.sampled(stage.sample);
    await stage.pass();
    expect(stage.asked).toEqual([]);
  });

  test('is not brought back by a sample while it is lost', async () => {
    const stage = await new Stage({ carrying: { eth1: [], eth2: ['active'] } }).begun();
    stage.link('source', 'eth2', false);
    await stage.pass();
    stage.live.sampled(stage.sample);
    stage.carrying = { eth1: ['active'], eth2: ['stale'] };
    stage.live.sampled(stage.sample);
    stage.link('source', 'eth2', true);
    await stage.pass();
    expect(stage.told).toEqual(['lost source eth2', 'back source eth2 after 1000', 'switchyard: rejoin eth2']);
  });
});

describe('the operator', () => {
  test('removes a path in good order: it is withdrawn, and closed only where that was not heard', async () => {
    const stage = await new Stage().begun();
    expect([await stage.change('remove', 'eth2'), stage.told, stage.asked]).toEqual([
      'done',
      ['ann: remove eth2'],
      withdrawnFrom(0),
    ]);
  });

  test('cannot remove the only path that carries', async () => {
    const stage = await new Stage({ carrying: { eth1: ['stale'], eth2: ['active'] } }).begun();
    expect([await stage.change('remove', 'eth2'), stage.told, stage.asked]).toEqual([
      refused(
        'The path over eth2 is the only one that carries this migration now.',
        'Add another one first, or cancel the migration.',
      ),
      [],
      [],
    ]);
  });

  test('adds a path again: what the peer has heard once has to be withdrawn first', async () => {
    const stage = await new Stage().begun();
    expect([await stage.change('add', 'eth2'), stage.told, stage.asked]).toEqual([
      'done',
      ['ann: add eth2'],
      [...withdrawnFrom(0), askedAt(50), ...announcedAt(150)],
    ]);
  });

  test('adds the only path that carries: it is announced, and never withdrawn', async () => {
    const stage = await new Stage({ carrying: { eth1: [], eth2: ['active'] } }).begun();
    expect([await stage.change('add', 'eth2'), stage.asked]).toEqual(['done', [askedAt(0), ...announcedAt(0)]]);
  });

  test('pauses a path and resumes it', async () => {
    const stage = await new Stage().begun();
    await stage.change('backup', 'eth2');
    await stage.change('resume', 'eth2');
    expect([stage.told, stage.asked]).toEqual([
      ['ann: backup eth2', 'ann: resume eth2'],
      ['0: destination pause 10.0.2.2 signal backup', '0: destination resume 10.0.2.2 signal'],
    ]);
  });

  test('resumes a path that was removed: it is announced again', async () => {
    const stage = await new Stage().begun();
    await stage.change('remove', 'eth2');
    await stage.change('resume', 'eth2');
    expect(stage.asked.slice(2)).toEqual([...withdrawnFrom(50), askedAt(100), ...announcedAt(200)]);
  });

  test.each(['add', 'remove', 'backup', 'resume'] as const)(
    'asks for %s of a path without its link: it comes back as it is wanted then',
    async (action) => {
      const stage = await new Stage().begun();
      stage.link('source', 'eth2', false);
      await stage.pass();
      const { length } = stage.asked;
      expect([await stage.change(action, 'eth2'), stage.told.at(-1), stage.asked.slice(length)]).toEqual([
        'done',
        `ann: ${action} eth2`,
        [],
      ]);
    },
  );

  test('has paused it: so it comes back', async () => {
    const stage = await new Stage().begun();
    stage.link('source', 'eth2', false);
    await stage.pass();
    await stage.change('backup', 'eth2');
    stage.link('source', 'eth2', true);
    await stage.pass();
    expect(stage.asked.at(-1)).toBe('1000: destination announce 10.0.2.2 signal backup');
  });

  test('names a path that there is not', async () => {
    const stage = await new Stage().begun();
    expect([await stage.change('remove', 'eth9'), stage.told]).toEqual([
      {
        kind: 'invalid-request',
        path: 'interface',
        text: 'There is no path over eth9.',
        remedy: 'The paths of this migration are: eth1, eth2.',
      },
      [],
    ]);
  });

  test('cannot change a path without a connection', async () => {
    const stage = await new Stage().begun();
    stage.sending = false;
    expect([await stage.change('add', 'eth2'), stage.told, stage.asked]).toEqual([
      refused(
        'There is no Multipath TCP connection whose paths could be changed now.',
        'Paths can be changed while the memory is being copied over MPTCP.',
      ),
      [],
      [],
    ]);
  });

  test('cannot change an endpoint of another program that is not announced', async () => {
    const stage = await new Stage({ endpoints: [{ id: 1, address: '10.0.2.2', flags: ['subflow'] }] }).begun();
    expect([await stage.change('backup', 'eth2'), stage.told, stage.asked]).toEqual([
      refused(
        '10.0.2.2 on beta is an MPTCP endpoint of another program, which does not announce it.',
        'See `ip mptcp endpoint` there; NetworkManager and mptcpd make such endpoints.',
      ),
      ['ann: backup eth2', 'failed: backup eth2: rejected'],
      [],
    ]);
  });

  test('changes one thing after the other, also where the first fails', async () => {
    const stage = await new Stage().begun();
    stage.failing.set('destination withdraw', refusal);
    const removal = stage.live.change('ann', 'remove', 'eth2');
    const pause = stage.live.change('ann', 'backup', 'eth2');
    await stage.clock.until(Promise.allSettled([removal, pause]));
    expect(stage.told).toEqual([
      'ann: remove eth2',
      'failed: remove eth2: unreachable',
      'ann: backup eth2',
      'failed: backup eth2: unreachable',
    ]);
  });

  test('changes two paths at the same time', async () => {
    const stage = await new Stage().begun();
    const changes = [stage.live.change('ann', 'backup', 'eth1'), stage.live.change('bob', 'backup', 'eth2')];
    await stage.clock.until(Promise.all(changes));
    expect(stage.told).toEqual(['ann: backup eth1', 'bob: backup eth2']);
  });
});

describe('what fails', () => {
  test('is reported and left to the kernel, without waiting for an answer', async () => {
    const stage = await new Stage().begun();
    stage.failing.set('destination closes', refusal);
    stage.link('source', 'eth2', false);
    await stage.pass();
    expect([stage.told, stage.asked.length, stage.faults, stage.reported]).toEqual([
      ['lost source eth2', 'switchyard: withdraw eth2', 'failed: withdraw eth2: unreachable'],
      1,
      [],
      [],
    ]);
  });

  test('by a fault of ours in a host leaves its trace, and does not end the migration', async () => {
    const stage = await new Stage().begun();
    const ours = new TypeError('ours');
    stage.failing.set('destination closes', ours);
    stage.link('source', 'eth2', false);
    await stage.pass();
    expect([stage.told.at(-1), stage.faults, stage.reported]).toEqual(['failed: withdraw eth2: internal', [], [ours]]);
  });

  test('by a fault of ours in the record ends it', async () => {
    const stage = await new Stage().begun();
    const ours = new TypeError('ours');
    stage.link('source', 'eth2', false);
    stage.recordFails = ours;
    await stage.pass();
    expect(stage.faults).toEqual([ours]);
  });
});

describe('idle', () => {
  async function idleAt(stage: Stage): Promise<number> {
    await stage.clock.until(stage.live.idle());
    return stage.clock.monoMs();
  }

  test('is once nothing is being done to any path, also when that fails', async () => {
    const stage = await new Stage().begun();
    stage.failing.set('source closes', refusal);
    stage.link('source', 'eth2', false);
    expect(await idleAt(stage)).toBe(50);
  });

  test('is at once where nothing is done', async () => {
    expect(await idleAt(await new Stage().begun())).toBe(0);
  });
});

test('a path is up while neither of its ends is known to have lost its link', () => {
  const { live } = new Stage();
  const up = (): boolean[] => paths.map((path) => live.isUp(path));
  const before = up();
  live.linkChanged('destination', 'ens2', false);
  expect([before, up()]).toEqual([
    [true, true],
    [true, false],
  ]);
});

test('an announcement is made as it was planned, or as it was before', async () => {
  const planned: PathEnd = { address: '10.0.2.2', interface: 'ens2', flags: ['signal', 'fullmesh'] };
  const preparation: Plan['preparation'] = {
    source: [],
    destination: [{ kind: 'add-endpoint', endpoint: planned }],
  };
  const before: MptcpEndpoint = { id: 7, address: '10.0.2.2', flags: ['signal', 'backup'] };
  const announcedBy = async (stage: Stage): Promise<string | undefined> => {
    await stage.begun();
    stage.link('source', 'eth2', false);
    await stage.pass();
    return stage.asked[1];
  };
  expect([
    await announcedBy(new Stage({ preparation })),
    await announcedBy(new Stage({ endpoints: [before] })),
  ]).toEqual(['0: destination withdraw 10.0.2.2 signal fullmesh', '0: destination withdraw 10.0.2.2 signal backup']);
});

const refusal = new SwitchyardError({ kind: 'unreachable', host: 'beta', text: 'No.', remedy: 'Wait.' });
