import { expect, test } from 'vitest';
import { ConnectionCounter } from './connection-counter.ts';
import type { Connection } from './connections.ts';
import { mptcpRow, tcpRow } from './socket-rows.ts';

/** One reading: what the connection's own socket says, and what its subflows have carried. */
interface Look {
  readonly own?: { readonly bytesAcked: number | undefined; readonly bytesReinjected?: number };
  readonly carried: number;
  readonly closed?: number;
  readonly open?: boolean;
}

function counted(...looks: readonly Look[]): [bytesSent: number, bytesReinjected: number] {
  const connection = (own: Look['own']): Connection => ({
    id: 'd27c32f1',
    protocol: 'mptcp',
    fallback: false,
    socket: mptcpRow({ info: { bytesReinjected: 0, ...own } }),
    subflows: [tcpRow()],
  });
  const counter = new ConnectionCounter(connection(undefined));
  for (const { own, carried, closed = 0, open = true } of looks) {
    counter.observe(own && connection(own), { bytes: carried, bytesOfClosed: closed, anyIsOpen: open });
  }
  const { bytesSent, bytesReinjected } = counter.sample;
  return [bytesSent, bytesReinjected];
}

const ended = { open: false } as const;

test.each<[string, readonly Look[], ReturnType<typeof counted>]>([
  ['lives is counted by its own socket', [{ own: { bytesAcked: 900 }, carried: 1000 }], [900, 0]],
  [
    'ends is completed by its subflows',
    [
      { own: { bytesAcked: 900 }, carried: 1000 },
      { carried: 1500, closed: 1500, ...ended },
    ],
    [1500, 0],
  ],
  [
    'sent something again over another subflow, as the kernel counts it',
    [
      { own: { bytesAcked: 800, bytesReinjected: 50 }, carried: 900 },
      { carried: 1000, closed: 1000, ...ended },
    ],
    [950, 50],
  ],
  [
    'lost a subflow that still delivered what was sent again over another',
    [
      { own: { bytesAcked: 990 }, carried: 1000 },
      { own: { bytesAcked: 1200 }, carried: 1350, closed: 600 },
      { own: { bytesAcked: 1400 }, carried: 1500, closed: 600 },
      { own: { bytesAcked: 1900 }, carried: 2030, closed: 600 },
      { carried: 2100, closed: 2100, ...ended },
    ],
    [2000, 100],
  ],
  [
    'lost a subflow whose last bytes are known only later',
    [
      { own: { bytesAcked: 1000 }, carried: 1010, closed: 600 },
      { own: { bytesAcked: 1000 }, carried: 1100, closed: 690 },
      { carried: 1100, closed: 1100, ...ended },
    ],
    [1000, 100],
  ],
  [
    'is not counted by its kernel is counted by its subflows',
    [{ own: { bytesAcked: undefined }, carried: 500 }],
    [500, 0],
  ],
  [
    'never says less than it said',
    [
      { own: { bytesAcked: 1000 }, carried: 1000 },
      { carried: 900, closed: 900, ...ended },
    ],
    [1000, 0],
  ],
])('a connection that %s', (_, looks, result) => {
  expect(counted(...looks)).toEqual(result);
});
