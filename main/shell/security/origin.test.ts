import { expect, test } from 'vitest';
import { isUiAddress } from './origin.ts';

test.each(['app://ui/', 'app://ui/assets/index.js', 'app://ui/#/history'])('%s is ours', (address) => {
  expect(isUiAddress(address)).toBe(true);
});

test.each([
  'app://ui.example.net/',
  'app://ui@example.net/',
  'app://ui:8080/',
  'app://other/',
  'https://ui/',
  'file:///ui/',
  'about:blank',
  'data:text/html,app://ui/',
  '',
  'app:',
])('%s is not', (address) => {
  expect(isUiAddress(address)).toBe(false);
});
