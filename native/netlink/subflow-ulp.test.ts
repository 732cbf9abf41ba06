import { expect, test } from 'vitest';
import { Attributes, encode } from './attributes.ts';
import { decodeSubflowUlp } from './subflow-ulp.ts';

test('a subflow is reported with its connection, its address ids and what was agreed', () => {
  const attributes = Attributes.decode(
    Buffer.concat([
      encode.u32(1, 0xdead_beef),
      encode.u32(2, 0x1234_5678),
      encode.u32(8, 0b1_1000_1000),
      encode.u8(9, 2),
      encode.u8(10, 3),
    ]),
  );
  expect(decodeSubflowUlp(attributes)).toEqual({
    token: 0x1234_5678,
    remoteToken: 0xdead_beef,
    localAddressId: 3,
    remoteAddressId: 2,
    flags: new Set(['joinLocal', 'connected', 'mapValid']),
  });
});

test('what the kernel leaves out is 0', () => {
  expect(decodeSubflowUlp(Attributes.decode(Buffer.alloc(0)))).toEqual({
    token: 0,
    remoteToken: 0,
    localAddressId: 0,
    remoteAddressId: 0,
    flags: new Set(),
  });
});
