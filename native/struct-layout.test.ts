import { describe, expect, test } from 'vitest';
import { fullInfoLayout, subflowInfoLayout } from './mptcp-full-info.ts';
import { mptcpInfoLayout } from './mptcp-info.ts';
import { subflowDataLayout } from './mptcp-subflow-arrays.ts';
import { fieldEnd, structDecoder, type StructLayout } from './struct-layout.ts';
import { tcpInfoLayout } from './tcp-info.ts';

const layout = {
  small: { offset: 0, kind: 'u8', member: 'a' },
  medium: { offset: 2, kind: 'u16', member: 'b' },
  counter: { offset: 8, kind: 'u64', member: 'c' },
  sequence: { offset: 16, kind: 'sequence', member: 'd', since: '6.5' },
} as const satisfies StructLayout;

const decode = structDecoder(layout);
const bytes = Buffer.from('ff00cdab00000000000000000100000078563412f0debc9a', 'hex');

test('fields are little endian, at their offsets', () => {
  expect(decode(bytes)).toEqual({
    small: 0xff,
    medium: 0xabcd,
    counter: 2 ** 32,
    sequence: 0x9abc_def0_1234_5678n,
  });
});

test('a field that the kernel returned only in part is undefined', () => {
  expect(decode(bytes.subarray(0, 23))?.sequence).toBeUndefined();
});

test('fewer bytes than the oldest kernel returns decode to nothing', () => {
  expect(decode(bytes.subarray(0, 15))).toBeUndefined();
});

describe.each<[string, StructLayout]>([
  ['tcp_info', tcpInfoLayout],
  ['mptcp_info', mptcpInfoLayout],
  ['mptcp_full_info', fullInfoLayout],
  ['mptcp_subflow_info', subflowInfoLayout],
  ['mptcp_subflow_data', subflowDataLayout],
])('%s', (_, table) => {
  const fields = Object.values(table);

  test('no two fields overlap', () => {
    const sorted = fields.toSorted((left, right) => left.offset - right.offset);
    expect(
      sorted.filter((field, index) => field.offset < Math.max(0, ...sorted.slice(0, index).map(fieldEnd))),
    ).toEqual([]);
  });

  test('no member is decoded twice', () => {
    const members = fields.map((field) => field.member);
    expect(new Set(members).size).toBe(members.length);
  });

  test('newer fields lie behind those of every kernel', () => {
    const ends = fields.filter((field) => field.since === undefined).map(fieldEnd);
    const newer = fields.filter((field) => field.since !== undefined);
    expect(newer.filter((field) => field.offset < Math.max(...ends))).toEqual([]);
  });
});
