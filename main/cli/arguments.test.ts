import { InvalidArgumentError } from 'commander';
import { expect, test } from 'vitest';
import { collect, collectNames, countArgument, durationArgument, rateArgument } from './arguments.ts';

test.each([
  [rateArgument, '500mbit', 500e6],
  [rateArgument, '0', 0],
  [durationArgument, '300ms', 300],
  [durationArgument, '1.5min', 90_000],
  [countArgument, '16', 16],
])('%o reads %s', (read, text, value) => {
  expect(read(text)).toBe(value);
});

test.each([
  [rateArgument, '500'],
  [rateArgument, '500Mbps'],
  [durationArgument, '300'],
  [countArgument, '-1'],
  [countArgument, '1.5'],
  [countArgument, '99999999999999999999'],
])('%o refuses %s', (read, text) => {
  expect(() => read(text)).toThrow(InvalidArgumentError);
});

test('options that may be repeated are kept in order', () => {
  expect(['memory', 'mtu'].reduce<string[]>((kept, value) => collect(value, kept), [])).toEqual(['memory', 'mtu']);
});

test('names are separated by commas, and further ones are added', () => {
  expect(['eth1, eth3', 'destination:eth4'].reduce<string[]>((kept, value) => collectNames(value, kept), [])).toEqual([
    'eth1',
    'eth3',
    'destination:eth4',
  ]);
});
