import { expect, test } from 'vitest';
import type { ConnectionSample } from '#contract/telemetry.ts';
import { SwitchyardError } from '#contract/errors.ts';
import { negotiatedBy, negotiatedText, whyTcp } from './negotiation.ts';
import type { ConnectionReport } from './ports.ts';

const mptcp: ConnectionSample = {
  id: 'd27c32f1',
  protocol: 'mptcp',
  fallback: false,
  bytesSent: 1,
  bytesReinjected: 0,
};
const fellBack: ConnectionSample = { ...mptcp, id: '00000000', fallback: true };
const tcp: ConnectionSample = { ...mptcp, id: 'tcp-50000', protocol: 'tcp' };

function protocolOf(...connections: ConnectionSample[]): string | undefined {
  return negotiatedBy({ atMonoMs: 0, atEpochMs: 0, connections, subflows: [], throughputBitsPerSecond: 0 })?.protocol;
}

test.each<[string, ConnectionSample[], string | undefined]>([
  ['nothing is connected', [], undefined],
  ['every connection is MPTCP', [mptcp, mptcp], 'mptcp'],
  ['one of them is plain TCP', [mptcp, tcp], 'tcp'],
  ['an MPTCP socket has fallen back', [fellBack], 'tcp'],
])('%s', (_name, connections, protocol) => {
  expect(protocolOf(...connections)).toBe(protocol);
});

test.each([
  [{ protocol: 'tcp' as const, connections: [tcp] }, 1, 'the connection is plain TCP'],
  [{ protocol: 'mptcp' as const, connections: [mptcp] }, 1, 'Multipath TCP confirmed by the kernel, 1 subflow'],
  [{ protocol: 'mptcp' as const, connections: [mptcp] }, 0, 'Multipath TCP confirmed by the kernel'],
  [
    { protocol: 'mptcp' as const, connections: [mptcp, mptcp] },
    4,
    'Multipath TCP confirmed by the kernel on 2 connections, 4 subflows',
  ],
])('in words: %o with %i subflows', (negotiated, subflows, words) => {
  expect(negotiatedText(negotiated, subflows)).toBe(words);
});

const report: ConnectionReport = {
  sample: { connections: [tcp], subflows: [] },
  troubles: { unanswered: [], closed: [] },
  wasMptcp: false,
  stalledMs: 0,
  listener: { address: '0.0.0.0', port: 4444, mptcp: true },
};

test('that it fell back is reported also when the reason is not known', async () => {
  const unreachable = new SwitchyardError({ kind: 'unreachable', host: 'beta', text: 'no', remedy: 'none' });
  expect(await whyTcp({ diagnose: () => Promise.reject(unreachable) }, report)).toBeUndefined();
  expect(await whyTcp({ diagnose: () => Promise.resolve([]) }, report)).toBeUndefined();
  const text = 'beta answered without MPTCP';
  expect(await whyTcp({ diagnose: () => Promise.resolve([{ side: 'source', text }]) }, report)).toEqual({ text });
});

test('a fault of ours is not taken for a missing reason', async () => {
  await expect(whyTcp({ diagnose: () => Promise.reject(new TypeError('ours')) }, report)).rejects.toThrow('ours');
});
