import { expect, test } from 'vitest';
import { propertiesOf } from './properties.ts';

test.each<[string, [string, string][]]>([
  [
    'tap,id=net0,fd=28',
    [
      ['type', 'tap'],
      ['id', 'net0'],
      ['fd', '28'],
    ],
  ],
  [
    '{"type":"tap","vhost":true,"read-only":false,"queues":4,"server":{"type":"unix"}}',
    [
      ['type', 'tap'],
      ['vhost', 'on'],
      ['read-only', 'off'],
      ['queues', '4'],
      ['server', '{"type":"unix"}'],
    ],
  ],
  ['{"type":', []],
])('%s', (value, properties) => {
  expect([...propertiesOf(value, 'type')]).toEqual(properties);
});
