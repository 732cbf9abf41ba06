import { describe, expect, test } from 'vitest';
import { hideInText } from './argv.ts';

const hidden = (text: string): string => hideInText(text, () => '*');

describe('hidden in the words of other programs', () => {
  test.for<[string, string]>([
    ['-fw_cfg opt/x,string=S3CRET: no', '-fw_cfg opt/x,string=* no'],
    ['password="S3 \\" CRET" rest', 'password="*" rest'],
    ["password='S3 CRET' rest", "password='*' rest"],
    ['password="S3CRET, cut', 'password="*'],
    ['password="S3CRET\\', 'password="*\\'],
    ["token=S3'CRET and", 'token=* and'],
    ['a "--spice password=S3CRET" b', 'a "--spice password=*" b'],
    ['--password S3CRET and', '--password * and'],
    ['{"argv":["--password","S3 CRET"]}', '{"argv":["--password","*"]}'],
    ["[ '--password',\n  'S3CRET' ]", "[ '--password',\n  '*' ]"],
    ['curl -u ada:S3CRET h', 'curl -u ada:* h'],
    ['curl --user "ada:S3CRET" h', 'curl --user "ada:*" h'],
    ['sshpass -p S3CRET ssh', 'sshpass -p * ssh'],
    ['password: S3CRET', 'password: *'],
    ['X-Api-Key: S3CRET', 'X-Api-Key: *'],
    ['opt/x/password: S3CRET', 'opt/x/password: *'],
    ['https://h/password: S3CRET', 'https://h/password: *'],
    ['/etc/x password: S3CRET', '/etc/x password: *'],
    ['Authorization: Basic S3CRET and all', 'Authorization: *'],
    ['Cookie: a=S3CRET; b=S3CRET', 'Cookie: *'],
    ['used Basic YWRhOlMzQ1JFVA== now', 'used Basic * now'],
    ['used Bearer S3CRETS3CRET now', 'used Bearer * now'],
    ['{"password": "S3\\"CRET", "a": 1}', '{"password": "*", "a": 1}'],
    ['{"password": "S3CRET cut', '{"password": "*'],
    ["{'password': 'S3CRET'}", "{'password': '*'}"],
    ['{"pin": 123456}', '{"pin": *}'],
    ['{"passwords": ["S3CRET", "S3CRET"]}', '{"passwords": *}'],
    ['"{\\"password\\": \\"S3CRET\\"}"', '"{\\"password\\": \\"*\\"}"'],
    ['{"name":"opt/x","string":"S3CRET"}', '{"name":"opt/x","string":"*"}'],
    ['<password>S3CRET</password>', '<password>*</password>'],
    ['?a=1&token=S3CRET&b=2', '?a=1&token=*&b=2'],
    ['a%3D1%26token%3DS3CRET%20x%26b%3D2', 'a%3D1%26token%3D*%26b%3D2'],
    ['root:$6$salt$S3CRETS3CRET:19000', 'root:*:19000'],
    ['-----BEGIN OPENSSH PRIVATE KEY-----\nS3CRET\n-----END OPENSSH PRIVATE KEY-----.', '*.'],
    ['-----BEGIN PGP PRIVATE KEY BLOCK-----\nS3CRET', '*'],
    ['a eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.S3CRET b', 'a * b'],
    ['https://hooks.slack.com/services/T0/B0/S3CRET', 'https://hooks.slack.com/services/*'],
  ])('%s', ([text, left]) => {
    expect(hidden(text)).toBe(left);
  });

  test.for([
    `ghp_${'a1'.repeat(18)}`,
    `github_pat_${'a1'.repeat(11)}`,
    `glpat-${'a1'.repeat(10)}`,
    `AKIA${'A1'.repeat(8)}`,
    `AIza${'a1'.repeat(17)}b`,
    `xoxb-${'12'.repeat(6)}-abc`,
    `sk-proj-${'a1'.repeat(12)}`,
    `sk_live_${'a1'.repeat(12)}`,
    `npm_${'a1'.repeat(18)}`,
    `hf_${'a1'.repeat(17)}`,
    `tskey-auth-${'a1'.repeat(10)}`,
    `SG.${'a1'.repeat(11)}.${'a1'.repeat(21)}`,
    `hvs.${'a1'.repeat(12)}`,
    `dckr_pat_${'a1'.repeat(12)}`,
    `AGE-SECRET-KEY-1${'A1'.repeat(29)}`,
  ])('a token by the mark of its issuer: %s', (token) => {
    expect(hidden(`with ${token}.`)).toBe('with *.');
  });
});

test.for([
  'qemu-system-x86_64: -device foo: Device needs media, but drive is empty',
  '2 tests pass: all',
  'basic authentication failed',
  'the option key=value',
  'password=on,tls-creds=tls0',
  'psk: 5',
  '{"data":"text","name":"x"}',
  'user: ada',
  'auth_supported=cephx',
  'https://images.example:8443/disk@2.img',
  'https://images.example/disk.img?part=1#top',
  'a %3D b',
  'token=',
  'token%3D%26',
  '--password',
  '--password ""',
  '/etc/passwd: it is not a directory',
  "open('./run/db_password: no such file')",
])('left as it is: %s', (text) => {
  expect(hidden(text)).toBe(text);
});
