import { expect, test } from 'vitest';
import { counterChanges, parseMptcpCounters } from './counters.ts';

const netstat = `TcpExt: SyncookiesSent ListenDrops
TcpExt: 0 3
IpExt: InOctets
IpExt: 12
MPTcpExt: MPCapableSYNTX MPTCPRetrans SubflowStale MPCurrEstab
MPTcpExt: 4 17 1 2
`;

test('counters are found by name, other families left alone', () => {
  expect(parseMptcpCounters(netstat)).toEqual({ MPCapableSYNTX: 4, MPTCPRetrans: 17, SubflowStale: 1, MPCurrEstab: 2 });
});

test('a kernel without MPTCP has none', () => {
  expect(parseMptcpCounters('TcpExt: A\nTcpExt: 1\n')).toEqual({});
});

test('a name without a value is left out', () => {
  expect(parseMptcpCounters('MPTcpExt: A B\nMPTcpExt: 1\n')).toEqual({ A: 1 });
});

test('changes name only what moved, a gauge also downwards', () => {
  const before = { A: 1, B: 2, MPCurrEstab: 3 };
  expect(counterChanges(before, { A: 1, B: 5, C: 2, MPCurrEstab: 2 })).toEqual({ B: 3, C: 2, MPCurrEstab: -1 });
});
