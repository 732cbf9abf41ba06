import { describe, expect, test } from 'vitest';
import type { GuestPlace, JournalEvent, StepName } from '#contract/migration.ts';
import { explain, type Cause } from './explain.ts';
import {
  answering,
  begun,
  did,
  failed,
  foreign,
  gone,
  plan,
  prepared,
  sees,
  started,
  stateAfter,
  unproven,
} from './simulation/states.ts';

interface Row {
  readonly journal: readonly JournalEvent[];
  readonly guest: GuestPlace;
  readonly side?: 'source' | 'destination';
  readonly cause: string;
  readonly next: string;
}

const output: JournalEvent = {
  kind: 'output-kept',
  side: 'destination',
  raw: 'char device redirected\nqemu-system-x86_64: Unknown ramblock "vga.vram", cannot accept migration.\n',
};
const cancelled: JournalEvent = { kind: 'cancel-requested', reason: 'operator', by: 'ann' };
const onAlpha = 'The guest is on alpha as before.';
const stopped = 'The guest is stopped.';
const nobodyKnows = 'Where the guest runs is not known; nothing more is touched.';
const nowhere = 'The guest runs nowhere.';
const watch = '`switchyard watch 20260101T000000Z-0000`';
const goBack = '`switchyard go-back 20260101T000000Z-0000`';

/** Every cause there is: which side, what happened and where the guest is now, what to do. */
const rows: Readonly<Record<Cause, Row>> = {
  operator: {
    journal: [...begun, cancelled],
    guest: 'source',
    cause: `Cancelled by ann. ${onAlpha}`,
    next: 'Migrate again when you are ready.',
  },
  'mptcp-required': {
    journal: begun,
    guest: 'source',
    cause: `Multipath TCP was required and the kernel of alpha could not be asked whether it is used. ${onAlpha}`,
    next: 'Run `switchyard preflight` for what stands in the way, or migrate with --mptcp prefer.',
  },
  stalled: {
    journal: [...begun, { kind: 'stalled', forMs: 30_040, guest: 'source' }],
    guest: 'source',
    cause: `Nothing moved for 30 s over eth1 (10.0.1.1 to 10.0.1.2). ${onAlpha}`,
    next: 'Fix the network between alpha and beta, then migrate again.',
  },
  'attached-before-start': {
    journal: prepared,
    guest: 'source',
    cause: `The manager ended after it had prepared the destination and before anything had moved. ${onAlpha}`,
    next: 'The prepared destination was removed. Migrate again.',
  },
  'silent-before-start': {
    journal: [...prepared, sees('destination', gone)],
    guest: 'source',
    side: 'source',
    cause: `The QEMU on alpha did not answer before the start, and nothing was sent. ${onAlpha}`,
    next: 'Check on alpha whether that QEMU or its host hangs, then migrate again.',
  },
  'disks-not-taken': {
    journal: [
      ...begun,
      {
        kind: 'cancel-requested',
        reason: 'disks-not-taken',
        by: 'switchyard',
        finding: { text: '/vm/a cannot be opened for writing by nobody.', remedy: 'Give that user access.' },
      },
    ],
    guest: 'source',
    side: 'destination',
    cause: `/vm/a cannot be opened for writing by nobody. ${onAlpha}`,
    next: 'Give that user access.',
  },
  'step-failed': {
    journal: failed('listen'),
    guest: 'source',
    side: 'destination',
    cause: `Opening the migration port on beta failed. QEMU refused it: because. ${onAlpha}`,
    next: 'Fix it.',
  },
  'migration-failed': {
    journal: [...begun, sees('source', answering('running', 'failed', 'Connection reset by peer')), output],
    guest: 'source',
    side: 'destination',
    cause: `QEMU gave up the migration: Unknown ramblock "vga.vram", cannot accept migration. ${onAlpha}`,
    next: 'Fix what is named, then migrate again: nothing was lost.',
  },
  'source-died': {
    journal: [...begun, sees('source', gone)],
    guest: 'nowhere',
    side: 'source',
    cause: `The QEMU on alpha ended before the guest had been handed over. ${nowhere}`,
    next: 'Start the guest again from its disks; look into the log of the source QEMU for why it ended.',
  },
  'guest-shut-down': {
    journal: [...begun, { kind: 'guest-shut-down', side: 'source', reason: 'guest-shutdown' }, sees('source', gone)],
    guest: 'nowhere',
    side: 'source',
    cause: `The guest shut down by itself on alpha (guest-shutdown) before it had been handed over. ${nowhere}`,
    next: 'Nothing was lost: start it again from its disks, on the host where it is to run.',
  },
  'source-died-before-commit': {
    journal: [...begun, sees('source', gone)],
    guest: 'stopped',
    side: 'source',
    cause: `The QEMU on alpha ended without having confirmed the handover; beta holds a complete copy, paused. ${stopped}`,
    next: "If nothing can have written to the guest's disks since, resume the copy on beta with `cont`; otherwise start from disk.",
  },
  'source-unreachable': {
    journal: begun,
    guest: 'unknown',
    side: 'source',
    cause: `alpha does not answer. ${nobodyKnows}`,
    next: `When it answers again: ${watch}.`,
  },
  'source-unverified': {
    journal: begun,
    guest: 'destination',
    side: 'source',
    cause: 'The guest has arrived, but its stopped copy on alpha could not be removed. The guest runs on beta.',
    next: 'End the stopped QEMU on alpha by hand; never resume it.',
  },
  'source-resumed': {
    journal: begun,
    guest: 'source',
    side: 'source',
    cause: `The guest was resumed on alpha after it had been handed over, outside Switchyard, which does not touch the copy on beta. ${onAlpha}`,
    next: 'Decide which copy to keep, and end the other by hand without ever resuming it: the guest has not run on beta (process 2001) unless it was started there by hand.',
  },
  'destination-died-before-start': {
    journal: [...prepared, output],
    guest: 'source',
    side: 'destination',
    cause: `The QEMU on beta ended before anything had been sent: Unknown ramblock "vga.vram", cannot accept migration. ${onAlpha}`,
    next: 'Fix on beta what made it end, then migrate again.',
  },
  'destination-died': {
    journal: begun,
    guest: 'stopped',
    side: 'destination',
    cause: `The QEMU on beta ended after the source had handed the guest over and before it ran there. ${stopped}`,
    next: `The copy on alpha is intact and stopped, and the destination is proven gone: resume it with ${goBack}.`,
  },
  'destination-died-running': {
    journal: begun,
    guest: 'nowhere',
    side: 'destination',
    cause: `The guest had arrived on beta and its QEMU ended there. ${nowhere}`,
    next: 'Start the guest from its disks. Never resume the old copy on alpha: its memory is older than the disks.',
  },
  'destination-unreachable': {
    journal: begun,
    guest: 'unknown',
    side: 'destination',
    cause: `beta does not answer. ${nobodyKnows}`,
    next: `When it answers again: ${watch}.`,
  },
  'destination-incomplete': {
    journal: begun,
    guest: 'unknown',
    side: 'destination',
    cause: `alpha has handed the guest over and beta does not confirm that it holds it. ${nobodyKnows}`,
    next: `Look into the output of the QEMU on beta (process 2001), then ${watch}.`,
  },
  'never-received': {
    journal: [...unproven, foreign],
    guest: 'unknown',
    side: 'destination',
    cause: `alpha has handed the guest over, and beta was never seen to receive it, while something else answered at 10.0.1.2 port 42001: another QEMU may have it, and may run it. ${nobodyKnows}`,
    next: 'Find out which QEMU received it (`ss -tnp` on the hosts of that network) before anything is resumed on alpha: two copies would damage its disks.',
  },
  'peer-not-proven': {
    journal: [...unproven, foreign],
    guest: 'source',
    side: 'destination',
    cause: `The peer is not beta: alpha has connected to 10.0.1.2 port 42001, and the QEMU on beta has no such connection. ${onAlpha}`,
    next: 'Find the other machine that has the address 10.0.1.2 (`arping -D 10.0.1.2` on alpha), then migrate again. Switchyard does not end what listens there.',
  },
  'destination-resumed': {
    journal: begun,
    guest: 'destination',
    side: 'destination',
    cause: 'The copy on beta was resumed before alpha had handed the guest over. The guest runs on beta.',
    next: 'Decide which copy to keep and end the other by hand; never let both run.',
  },
  'destination-not-removed': {
    journal: [...begun, cancelled],
    guest: 'source',
    side: 'destination',
    cause: `Cancelled by ann. The prepared QEMU on beta could not be proven gone. ${onAlpha}`,
    next: 'When beta answers again, end that QEMU (process 2001) by hand and never resume it.',
  },
  'destination-does-not-run': {
    journal: [...begun, ...failed('resume-destination', 'timeout')],
    guest: 'stopped',
    side: 'destination',
    cause: `beta holds the guest and does not start it. ${stopped}`,
    next: `Look at the raw error, fix it, then ${watch}. The copy on alpha must stay stopped.`,
  },
  'destination-refuses-to-run': {
    journal: [...begun, ...failed('resume-destination')],
    guest: 'stopped',
    side: 'destination',
    cause: `beta holds the whole guest, and its QEMU refuses to start it: because. The guest has never run there. ${stopped}`,
    next: `Fix on beta what QEMU names, then ${watch}. Or return the guest to alpha: ${goBack}.`,
  },
  'source-does-not-resume': {
    journal: [...begun, ...failed('resume-source', 'timeout')],
    guest: 'stopped',
    side: 'source',
    cause: `The QEMU on beta is proven gone, and the QEMU on alpha does not resume the guest. ${stopped}`,
    next: `Fix on alpha what QEMU names, then ${goBack} again.`,
  },
  'went-back': {
    journal: [...begun, ...failed('resume-destination')],
    guest: 'source',
    side: 'destination',
    cause: `beta never started the guest: because; it was returned to alpha, after the destination was proven gone. ${onAlpha}`,
    next: 'Fix on beta what QEMU names, then migrate again.',
  },
  'cancel-hangs': {
    journal: [...begun, cancelled],
    guest: 'unknown',
    side: 'source',
    cause: `Cancelled by ann. The QEMU on alpha does not finish cancelling. ${nobodyKnows}`,
    next: `When it answers again: ${watch}.`,
  },
  'old-copy': {
    journal: begun,
    guest: 'stopped',
    side: 'source',
    cause: `The migration has failed and the guest may have run on beta meanwhile: the copy on alpha may be an old one and is left stopped. ${stopped}`,
    next: 'If you know that it never ran on beta, end what is left there and resume the guest on alpha with `cont`; else start it from its disks.',
  },
  'unknown-status': {
    journal: begun,
    guest: 'unknown',
    side: 'source',
    cause: `The source QEMU reports a status that Switchyard does not know. ${nobodyKnows}`,
    next: `Look at both guests, then ${watch}.`,
  },
  'post-copy-paused': {
    journal: begun,
    guest: 'destination',
    cause:
      'The connection broke during post-copy: what the guest still lacks is safe on alpha. The guest runs on beta.',
    next: 'Fix the network between alpha and beta, then `switchyard recover 20260101T000000Z-0000`. Touch neither QEMU until then.',
  },
  'source-died-in-post-copy': {
    journal: begun,
    guest: 'stopped',
    side: 'source',
    cause: `The QEMU on alpha ended during post-copy, and the memory that had not been sent went with it. ${stopped}`,
    next: 'Start the guest again from its disks, and end the incomplete QEMU on beta (process 2001) by hand.',
  },
  'destination-died-in-post-copy': {
    journal: begun,
    guest: 'nowhere',
    side: 'destination',
    cause: `The QEMU on beta ended during post-copy, after the guest had left alpha for good. ${nowhere}`,
    next: 'Start the guest again from its disks; look on beta for why its QEMU ended.',
  },
  'split-brain': {
    journal: begun,
    guest: 'unknown',
    cause: `BOTH copies of the guest run: one of them was resumed outside Switchyard. ${nobodyKnows}`,
    next: 'Decide which copy to keep and end the other by hand at once; its disks may already be damaged.',
  },
};

const causes = keysOf(rows);

function keysOf<Key extends string>(record: Readonly<Record<Key, unknown>>): Key[] {
  const keys: Key[] = [];
  for (const key in record) keys.push(key);
  return keys;
}

describe('a stranger on the migration port', () => {
  const stranger = {
    kind: 'stranger-connected',
    address: '192.0.2.66',
    port: 4444,
    connections: 1,
    turnedAway: false,
  } as const;
  const next =
    'Nothing was lost. Keep other hosts away from that port (`switchyard preflight` prints a firewall rule) or migrate with --socket app, which turns them away; then migrate again.';
  const told = (cause: Cause, ...journal: readonly JournalEvent[]): object => {
    const { phase: _phase, raw: _raw, ...said } = explain(stateAfter(journal), cause, 'source');
    return said;
  };
  const took = {
    side: 'destination',
    cause: `192.0.2.66 connected to the migration port 4444 of beta, and QEMU takes the first connection for the source's. ${onAlpha}`,
    next,
  };

  test('is the reason for what follows from it, whatever QEMU says', () => {
    expect([
      told('destination-died-before-start', ...prepared, stranger, output),
      told('migration-failed', ...begun, stranger, output),
      told('step-failed', ...failed('migrate'), stranger),
    ]).toEqual([took, took, took]);
  });

  test('is named by its host where that is one of the two', () => {
    expect(told('migration-failed', ...begun, { ...stranger, address: '10.0.1.1', host: 'alpha' })).toMatchObject({
      cause: expect.stringContaining('10.0.1.1 (alpha) connected to the migration port 4444 of beta'),
    });
  });

  test('stands beside the reason where the source has had a connection as well', () => {
    const negotiated: JournalEvent = {
      kind: 'negotiated',
      protocol: 'mptcp',
      when: 'connected',
      connections: [],
      text: 'so',
    };
    expect(told('migration-failed', ...begun, stranger, negotiated, output)).toEqual({
      side: 'destination',
      cause: `QEMU gave up the migration: Unknown ramblock "vga.vram", cannot accept migration. Before that, 192.0.2.66 had connected to the migration port 4444 of beta. ${onAlpha}`,
      next,
    });
  });

  test('explains nothing where it was turned away, and nothing that has another reason', () => {
    const { journal, guest: _guest, ...expected } = rows['migration-failed'];
    const other = rows['step-failed'];
    expect([
      told('migration-failed', ...journal, { ...stranger, turnedAway: true }),
      told('step-failed', ...other.journal, stranger),
    ]).toEqual([expected, { side: other.side, cause: other.cause, next: other.next }]);
  });
});

describe('each cause states what happened, where the guest is, and what to do', () => {
  test.each(causes)('%s', (cause) => {
    const { journal, guest, ...expected } = rows[cause];
    const { phase, raw: _raw, ...said } = explain(stateAfter(journal), cause, guest);
    expect(said).toEqual(expected);
    expect(phase).not.toBe('');
  });

  test.each(causes)('%s: QEMU is never left to speak for itself', (cause) => {
    const { journal, guest } = rows[cause];
    const { cause: told, raw } = explain(stateAfter([...journal, output]), cause, guest);
    expect(told).not.toBe(raw);
    expect(told).toMatch(/[Gg]uest/);
  });
});

test('where only the source was heard of before the start, it is the destination that gave no sign', () => {
  const state = stateAfter([...prepared, sees('source', answering('running', 'none'))]);
  expect(explain(state, 'silent-before-start', 'source')).toMatchObject({
    side: 'destination',
    cause: `The QEMU on beta did not answer before the start, and nothing was sent. ${onAlpha}`,
    next: 'Check on beta whether that QEMU or its host hangs, then migrate again.',
  });
});

test('a record without the findings about the disks still names the disks as the cause', () => {
  const state = stateAfter([...begun, { kind: 'cancel-requested', reason: 'disks-not-taken', by: 'switchyard' }]);
  expect(explain(state, 'disks-not-taken', 'source')).toMatchObject({
    cause: `The destination cannot take over the disks of the guest. ${onAlpha}`,
    next: 'Run `switchyard preflight` for why.',
  });
});

describe('a step that failed', () => {
  const steps: readonly (readonly [StepName, string])[] = [
    ['start-destination', 'Starting the destination on beta failed.'],
    ['compare-twin', 'Comparing the guest with the waiting QEMU on beta failed.'],
    ['negotiate-capabilities', 'Agreeing on capabilities failed.'],
    ['prepare-paths', 'Preparing the paths failed.'],
    ['listen', 'Opening the migration port on beta failed.'],
    ['connect', 'Connecting to the destination on alpha failed.'],
    ['check-disks', 'Checking the disks on beta failed.'],
    ['migrate', 'Starting the migration on alpha failed.'],
    ['cancel', 'Cancelling on alpha failed.'],
    ['yank', 'Breaking the connection on alpha failed.'],
    ['resume-destination', 'Starting the guest on beta failed.'],
    ['resume-source', 'Starting the guest again on alpha failed.'],
    ['quit-source', 'Removing the stopped copy on alpha failed.'],
    ['quit-destination', 'Removing the destination on beta failed.'],
    ['restore-paths', 'Restoring the paths failed.'],
  ];

  test.each(steps)('%s', (step, words) => {
    const { cause } = explain(stateAfter(failed(step)), 'step-failed', 'source');
    expect(cause).toBe(`${words} QEMU refused it: because. ${onAlpha}`);
  });

  test('the first one is reported, not what failed while cleaning up', () => {
    const state = stateAfter([...failed('listen'), ...failed('quit-destination', 'timeout')]);
    expect(explain(state, 'step-failed', 'source').cause).toContain('Opening the migration port');
  });

  test('QEMU’s own description is kept below', () => {
    expect(explain(stateAfter(failed('migrate')), 'step-failed', 'source').raw).toBe('because');
  });

  test('a failure whose text ends without a full stop gets one', () => {
    const [intent, failure] = failed('listen');
    const state = stateAfter(
      [intent, failure].flatMap((event): JournalEvent[] =>
        event?.kind === 'failed' ? [{ ...event, failure: { ...event.failure, text: 'No' } }] : event ? [event] : [],
      ),
    );
    expect(explain(state, 'step-failed', 'source').cause).toBe(
      `Opening the migration port on beta failed. No. ${onAlpha}`,
    );
  });

  test('none that is known of', () => {
    expect(explain(stateAfter([]), 'step-failed', 'source')).toMatchObject({ cause: `A step failed. ${onAlpha}` });
  });
});

describe('a migration that failed', () => {
  test('the source only saw the line drop, and the destination was killed', () => {
    const journal = [
      ...begun,
      sees('destination', gone),
      sees('source', answering('running', 'failed', 'Connection reset by peer')),
    ];
    expect(explain(stateAfter(journal), 'migration-failed', 'source')).toEqual({
      phase: 'going-back',
      side: 'destination',
      cause: `The QEMU on beta ended without an error message: it was killed, or its host went down. ${onAlpha}`,
      next: 'See on beta what ended it (the kernel log, the memory), then migrate again: nothing was lost.',
      raw: 'Connection reset by peer',
    });
  });

  test('the destination is silent about it, so the source is quoted', () => {
    const journal = [...begun, sees('source', answering('running', 'failed', 'Failed to connect: refused.'))];
    expect(explain(stateAfter(journal), 'migration-failed', 'source')).toMatchObject({
      side: 'source',
      cause: `QEMU gave up the migration: Failed to connect: refused. ${onAlpha}`,
    });
  });

  test('neither QEMU gives a reason', () => {
    expect(explain(stateAfter(begun), 'migration-failed', 'source').cause).toBe(
      `QEMU gave up the migration. ${onAlpha}`,
    );
  });
});

describe('--mptcp require', () => {
  const fellBack: JournalEvent = {
    kind: 'negotiated',
    protocol: 'tcp',
    when: 'connected',
    connections: [],
    text: 'beta answered without it',
  };

  test('names what the kernel says', () => {
    expect(explain(stateAfter([...begun, fellBack]), 'mptcp-required', 'source')).toMatchObject({
      cause: `Multipath TCP was required and the connection is plain TCP: beta answered without it. ${onAlpha}`,
      next: 'Run `switchyard preflight` for what stands in the way, or migrate with --mptcp prefer.',
    });
  });

  test('names the command that fixes it', () => {
    const state = stateAfter([...begun, { ...fellBack, command: 'sysctl -w net.mptcp.enabled=1' }]);
    expect(explain(state, 'mptcp-required', 'source').next).toBe(
      'Run `sysctl -w net.mptcp.enabled=1`, then migrate again; or migrate with --mptcp prefer.',
    );
  });
});

describe('a destination that could not be removed', () => {
  test('after a step that failed: both are reported', () => {
    const { cause } = explain(stateAfter([...prepared, ...failed('listen')]), 'destination-not-removed', 'source');
    expect(cause).toBe(
      `Opening the migration port on beta failed. QEMU refused it: because. The prepared QEMU on beta could not be proven gone. ${onAlpha}`,
    );
  });

  test('with nothing before it', () => {
    const { cause } = explain(stateAfter(begun), 'destination-not-removed', 'source');
    expect(cause).toBe(`The prepared QEMU on beta could not be proven gone. ${onAlpha}`);
  });

  test('whose process is not known', () => {
    const { next } = explain(stateAfter([cancelled]), 'destination-not-removed', 'source');
    expect(next).toBe('When beta answers again, end that QEMU by hand and never resume it.');
  });

  test('while it is not known where the guest is: the operator has to watch again', () => {
    const { next } = explain(stateAfter(begun), 'destination-not-removed', 'unknown');
    expect(next).toBe(
      `When beta answers again, end that QEMU (process ${started.identity.pid}) by hand and never resume it; then ${watch}.`,
    );
  });
});

test('a cancel whose author is not known is the operator’s', () => {
  expect(explain(stateAfter(did('migrate')), 'operator', 'source').cause).toBe(`Cancelled by the operator. ${onAlpha}`);
});

test('a stall of unknown length is one of nothing', () => {
  expect(explain(stateAfter([]), 'stalled', 'source').cause).toBe(
    `Nothing moved for 0 ms over eth1 (10.0.1.1 to 10.0.1.2). ${onAlpha}`,
  );
});

test('a stall names the paths that were used: the first, and those that have joined', () => {
  const [first] = plan.paths;
  if (!first) throw new TypeError('a plan has a path');
  const [second, third] = ['2', '3'].map((number) => ({
    ...first,
    sourceInterface: `eth${number}`,
    sourceAddress: `10.0.${number}.1`,
    destinationAddress: `10.0.${number}.2`,
  }));
  const paths = [first, second, third].flatMap((path) => path ?? []);
  const joined = {
    kind: 'subflow-established',
    subflow: '1/1',
    localAddress: '10.0.2.1',
    remoteAddress: '10.0.2.2',
  } as const;
  expect(explain(stateAfter([joined], { paths }), 'stalled', 'source').cause).toBe(
    `Nothing moved for 0 ms over eth1 (10.0.1.1 to 10.0.1.2) and eth2 (10.0.2.1 to 10.0.2.2). ${onAlpha}`,
  );
});

describe('a peer that is not proven', () => {
  test('is another machine, or the source itself where it has the address', () => {
    const own = { ...foreign, isOfSource: true };
    expect(explain(stateAfter([...unproven, own]), 'peer-not-proven', 'source')).toMatchObject({
      side: 'source',
      cause: `The peer is not beta: alpha has connected to 10.0.1.2 port 42001, and the QEMU on beta has no such connection. alpha has the address 10.0.1.2 itself. ${onAlpha}`,
      next: 'Remove 10.0.1.2 from one of the two hosts, or migrate over another path; a QEMU on alpha that listens there has received part of the guest, and Switchyard does not end it.',
    });
  });

  test('may also be one of which nothing is known: no side is blamed', () => {
    const told = explain(stateAfter(unproven), 'peer-not-proven', 'source');
    expect([told.side, told.cause]).toEqual([
      undefined,
      `Switchyard could not prove that what alpha sends arrives at the QEMU on beta. ${onAlpha}`,
    ]);
  });

  test('that may have the guest is named only where something was seen to answer', () => {
    expect(explain(stateAfter(unproven), 'never-received', 'unknown').cause).toBe(
      `alpha has handed the guest over, and beta was never seen to receive it: another QEMU may have it, and may run it. ${nobodyKnows}`,
    );
  });
});
