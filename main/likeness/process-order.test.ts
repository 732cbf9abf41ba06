import { describe, expect, test } from 'vitest';
import type { ProcessPortrait, ThreadPortrait } from './portrait.ts';
import { orderFor, type StartingPoint } from './process-order.ts';
import { samplePortrait } from './testing/sample-portrait.ts';

const main: ThreadPortrait = {
  role: 'main thread',
  id: 1,
  processors: 'every processor',
  memoryNodes: 'every memory node',
  niceness: 0,
  policy: 'other',
  priority: 0,
};
const own: ProcessPortrait = {
  ...samplePortrait.process,
  threads: [main],
  limits: { nofile: '1024:4096' },
  outOfMemoryAdjustment: 0,
  controlGroup: { path: '/user.slice', limits: {} },
};
const root: StartingPoint = { process: own, processors: [0, 1, 2], mayRaiseLimits: true, mayRaisePriority: true };
const user: StartingPoint = { ...root, mayRaiseLimits: false, mayRaisePriority: false };

function thread(changes: Partial<ThreadPortrait>): Partial<ProcessPortrait> {
  return { threads: [main, { ...main, role: 'vCPU 0', ...changes }] };
}

/** What is ordered, and what becomes of each item by its verdict. */
function orderOf(changes: Partial<ProcessPortrait>, start: StartingPoint) {
  const { findings, ...order } = orderFor({ ...own, ...changes }, start);
  return { ...order, findings: findings.map(({ row, item, verdict }) => `${row} ${item}: ${verdict}`) };
}

const nothing = { threads: [], limits: {}, findings: [] };

test('a source that runs as Switchyard does needs nothing', () => {
  expect([orderOf({}, root), orderOf({}, user)]).toEqual([nothing, nothing]);
});

describe('processors', () => {
  test('a vCPU is pinned to those of its source', () => {
    expect(orderOf(thread({ processors: '0,2' }), user)).toEqual({
      ...nothing,
      threads: [{ role: 'vCPU 0', processors: [0, 2] }],
      findings: ['affinity vCPU 0: carried'],
    });
  });

  test('a source on every processor gets all of the destination, also where Switchyard is pinned', () => {
    const pinned = { ...user, process: { ...own, threads: [{ ...main, processors: '1' }] } };
    expect(orderOf({}, pinned)).toMatchObject({ threads: [{ role: 'main thread', processors: [0, 1, 2] }] });
  });

  test('processors that the destination does not have are reported and not carried over', () => {
    const { findings, ...order } = orderFor({ ...own, ...thread({ processors: '2-4' }) }, root);
    expect([order, findings.map(({ text, verdict }) => `${verdict}: ${text}`)]).toEqual([
      { threads: [], limits: {} },
      ['harmless: vCPU 0 is pinned to processors 2-4, and the destination does not have processors 3, 4.'],
    ]);
  });
});

describe('scheduling', () => {
  test.each<[string, Partial<ThreadPortrait>, StartingPoint, string]>([
    ['a higher niceness', { niceness: 5 }, user, 'carried'],
    ['a lower niceness', { niceness: -5 }, root, 'carried'],
    ['a lower niceness than an ordinary user may set', { niceness: -5 }, user, 'harmless'],
    ['a batch policy', { policy: 'batch' }, user, 'carried'],
    ['a realtime policy', { policy: 'fifo', priority: 10 }, root, 'carried'],
    ['a realtime policy that an ordinary user may not set', { policy: 'fifo', priority: 10 }, user, 'harmless'],
    ['a deadline, which takes parameters of its own', { policy: 'deadline' }, root, 'harmless'],
  ])('%s', (_what, changes, start, verdict) => {
    const { policy, priority, niceness } = { ...main, ...changes };
    expect(orderOf(thread(changes), start)).toEqual({
      ...nothing,
      threads: verdict === 'carried' ? [{ role: 'vCPU 0', scheduling: { policy, priority, niceness } }] : [],
      findings: [`scheduling vCPU 0: ${verdict}`],
    });
  });
});

describe('limits', () => {
  test.each<[string, string, StartingPoint, string, string]>([
    ['lower ones', '512:1024', user, '512:1024', 'carried'],
    ['higher ones', '1024:unlimited', root, '1024:unlimited', 'carried'],
    ['those that an ordinary user may not raise', '8192:unlimited', user, '4096:4096', 'harmless'],
    ['a soft limit below the hard one that may be given', '512:unlimited', user, '512:4096', 'harmless'],
  ])('%s', (_what, wanted, start, given, verdict) => {
    expect(orderOf({ limits: { nofile: wanted, unknown: '1:1' } }, start)).toEqual({
      ...nothing,
      limits: { nofile: given },
      findings: [`resource-limit nofile: ${verdict}`],
    });
  });

  test('no limit is never narrowed to a number', () => {
    const start = { ...user, process: { ...own, limits: { nofile: 'unlimited:unlimited' } } };
    expect(orderOf({ limits: { nofile: '1024:unlimited' } }, start).limits).toEqual({ nofile: '1024:unlimited' });
  });
});

test.each<[number, StartingPoint, string | undefined]>([
  [500, user, 'carried'],
  [-500, root, 'carried'],
  [-500, user, 'harmless'],
])('the out-of-memory adjustment %d', (outOfMemoryAdjustment, start, verdict) => {
  expect(orderOf({ outOfMemoryAdjustment }, start)).toEqual({
    ...nothing,
    ...(verdict === 'carried' ? { outOfMemoryAdjustment } : {}),
    findings: [`out-of-memory of the process: ${verdict}`],
  });
});

test('the limits of a control group are named, since the destination starts in another', () => {
  const controlGroup = { path: '/machine.slice', limits: { 'cpu.max': '50000 100000', 'memory.max': '1073741824' } };
  const [finding] = orderFor({ ...own, controlGroup }, root).findings;
  expect([finding?.verdict, finding?.text]).toEqual([
    'harmless',
    'The control group /machine.slice limits the source by cpu.max=50000 100000, memory.max=1073741824, and the destination starts in that of Switchyard.',
  ]);
});
