import { expect, test } from 'vitest';
import { listeningPort } from './listening-port.ts';

test('one port, announced for both families, is one port', () => {
  const addresses = ['0.0.0.0', '::'].map((host) => ({ type: 'inet', host, port: '4444' }));
  expect(listeningPort({ 'socket-address': addresses })).toBe(4444);
});

test.each([
  ['none', []],
  ['two different ones', ['4444', '4445'].map((port) => ({ type: 'inet', host: '0.0.0.0', port }))],
  ['no number', [{ type: 'inet', host: '0.0.0.0', port: 'http' }]],
  ['a unix socket', [{ type: 'unix', path: '/run/a' }]],
])('refuses %s', (_what, addresses) => {
  expect(() => listeningPort({ 'socket-address': addresses })).toThrow(/does not report one port/);
});
