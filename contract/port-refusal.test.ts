import { expect, test } from 'vitest';
import { portRefusal } from './port-refusal.ts';

test.each([
  ['EADDRINUSE', 'Port 80 is taken by another program.'],
  ['EACCES', 'Port 80 is reserved for root.'],
  ['EBADF', undefined],
])('%s: %s', (code, text) => {
  expect(portRefusal(80, code, undefined)?.failure.text).toBe(text);
});
