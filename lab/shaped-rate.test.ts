import { expect, test } from 'vitest';
import { parseTable, qdiscSchema } from './iproute2.ts';
import { ratesOf } from './shaped-rate.ts';

// iproute2 6.1, `tc -j qdisc show`
const printed = `[
  {"kind":"noqueue","handle":"0:","dev":"lo","root":true,"refcnt":2,"options":{}},
  {"kind":"tbf","handle":"8001:","dev":"eth1","root":true,"refcnt":3,"options":{"rate":62500000,"burst":262125,"lat":50000}},
  {"kind":"tbf","handle":"8002:","dev":"eth2","parent":"1:1","options":{"rate":1,"burst":262125,"lat":50000}}]`;

test('the rate of a token bucket at the root is that of the interface, in bits', () => {
  expect(ratesOf(parseTable(qdiscSchema, printed))).toEqual(new Map([['eth1', 500e6]]));
});

test('nothing printed is an empty table', () => {
  expect(parseTable(qdiscSchema, '')).toEqual([]);
});
