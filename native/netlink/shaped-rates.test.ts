import { expect, test } from 'vitest';
import { encode } from './attributes.ts';
import type { NetlinkMessage } from './message.ts';
import { decodeShapedRate } from './shaped-rates.ts';

const root = 0xffff_ffff;

/** struct tcmsg of interface 7, TCA_KIND, and TCA_OPTIONS with TCA_TBF_PARMS and perhaps TCA_TBF_RATE64. */
function discipline(kind: string, parent: number, rate: number, rate64?: bigint): NetlinkMessage {
  const header = Buffer.alloc(20);
  header.writeInt32LE(7, 4);
  header.writeUInt32LE(parent, 12);
  const parameters = Buffer.alloc(36);
  parameters.writeUInt32LE(rate, 8);
  const wide = Buffer.alloc(8);
  wide.writeBigUInt64LE(rate64 ?? 0n);
  const options = [encode.bytes(1, parameters), ...(rate64 === undefined ? [] : [encode.bytes(4, wide)])];
  const payload = Buffer.concat([header, encode.bytes(1, Buffer.from(`${kind}\0`)), encode.nested(2, options)]);
  return { type: 36, flags: 0, sequence: 1, payload };
}

test.each([
  ['a tbf at the root', discipline('tbf', root, 62_500_000), [7, 62_500_000]],
  ['a rate of 40 Gbit/s, which needs 64 bits', discipline('tbf', root, 0xffff_ffff, 5_000_000_000n), [7, 5e9]],
  ['a tbf below another discipline', discipline('tbf', 0x1_0001, 62_500_000), undefined],
  ['a discipline that shapes nothing', discipline('fq_codel', root, 62_500_000), undefined],
])('%s', (_what, message, expected) => {
  expect(decodeShapedRate(message)).toEqual(expected);
});

test('refuses a tbf without its rate', () => {
  const { payload, ...rest } = discipline('tbf', root, 1);
  const cut = Buffer.concat([payload.subarray(0, 28), encode.nested(2, [])]);
  expect(() => decodeShapedRate({ ...rest, payload: cut })).toThrow(/tbf without its rate/);
});
