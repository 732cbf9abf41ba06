import { expect, test } from 'vitest';
import { mayLoad } from './network.ts';

test.each(['app://ui/assets/index.css', 'data:image/svg+xml,<svg/>'])('%s is loaded', (address) => {
  expect(mayLoad(address, { inspector: false })).toBe(true);
});

test.each([
  'https://example.net/',
  'http://127.0.0.1:4444/',
  'ws://127.0.0.1/',
  'file:///etc/passwd',
  'app://other/',
  'blob:app://ui/7',
  'devtools://devtools/bundled/inspector.html',
  'DATA',
])('%s is not', (address) => {
  expect(mayLoad(address, { inspector: false })).toBe(false);
});

test("a checkout may open Chromium's inspector", () => {
  expect(mayLoad('devtools://devtools/bundled/inspector.html', { inspector: true })).toBe(true);
});
