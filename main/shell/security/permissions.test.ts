import { expect, test } from 'vitest';
import { isGranted } from './permissions.ts';

const copyButton = {
  permission: 'clipboard-sanitized-write',
  requestingUrl: 'app://ui/#/hosts',
  isMainFrame: true,
};

test('a copy button of the window may write to the clipboard', () => {
  expect(isGranted(copyButton)).toBe(true);
});

test.each([
  ['reading the clipboard', { permission: 'clipboard-read' }],
  ['a camera', { permission: 'media' }],
  ['another program', { permission: 'openExternal' }],
  ['a permission that Chromium does not have yet', { permission: 'unknown' }],
  ['a frame in the page', { isMainFrame: false }],
  ['another origin', { requestingUrl: 'https://example.net/' }],
  ['no page', { requestingUrl: undefined }],
])('%s is denied', (_name, change) => {
  expect(isGranted({ ...copyButton, ...change })).toBe(false);
});
