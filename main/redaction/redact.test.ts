import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { journalEventSchema, recordSchema, type JournalEvent } from '#contract/migration.ts';
import { recordToCsv } from '#main/export/csv.ts';
import { recordToJson } from '#main/export/json.ts';
import { recordToLog } from '#main/export/log.ts';
import { migrationRecord } from '#main/export/record.ts';
import { exampleEvents, examplePlan, exampleSamples, journalOf } from '#main/export/testing/example-migration.ts';
import { createRedactor, proseMembers, redactText } from './redact.ts';

/** Each element holds one or more words `canary…`, and every one of them is a secret. */
const argvWithSecrets = [
  ['qemu-system-x86_64'],
  ['-object', 'secret,id=s0,data=canary01,format=raw'],
  ['-object', 'secret,id=s1,format=base64,data=canary02,,with a comma and spaces'],
  ['-object', '{"qom-type":"secret","id":"s2","data":"canary03\\"quoted"}'],
  ['-spice', 'port=5900,password=canary04'],
  ['-drive', 'file=https://user:canary05@images.example/disk.img,if=none'],
  ['-drive', 'file=https://images.example/disk.img?token=canary06&part=1,if=none'],
  ['-drive', 'file=rbd:pool/image:id=admin:key=canary07==:auth_supported=cephx'],
  ['-drive', 'file=iscsi://user%canary08@target.example/iqn/0'],
  ['-fw_cfg', 'name=opt/org.example/config,string=canary09'],
  ['-smbios', 'type=11,value=io.systemd.credential:login=canary10'],
  ['-append', 'root=/dev/vda console=ttyS0 systemd.set_credential=login:canary11'],
  ['-blockdev', '{"driver":"curl","file.cookie":"canary12","url":"https://canary13@images.example/"}'],
  ['--token', 'canary14 is all of it'],
  ['-iscsi', 'initiator-name=iqn.2026,user=ada,password=canary15'],
  ['-device', 'isa-applesmc,osk=canary16'],
].flat();

/** What programs print; each with its canary. */
const proseWithSecrets = [
  'qemu: -object secret,id=s9,data=canary21,format=raw: no such object',
  'curl: GET https://images.example/disk?signature=canary22&x=1 failed',
  'Authorization: Basic canary23==',
  'used bearer canary24canary24',
  'login failed, password: canary25',
  'PGPASSWORD=canary26 psql',
  "secret_key='canary27 with spaces' was refused",
  'answered {"access_token": "canary28"}',
  'logged "{\\"password\\": \\"canary29\\"}"',
  '-----BEGIN RSA PRIVATE KEY-----\ncanary30\n-----END RSA PRIVATE KEY-----',
  'AWS_SECRET_ACCESS_KEY=canary31',
  'cut short: -----BEGIN PRIVATE KEY-----\ncanary33',
  'cookie: session=canary32; path=/',
];

const canary = /canary\d\d/g;

function storyWithSecrets(): JournalEvent[] {
  const guest = { ...examplePlan().guest, argv: argvWithSecrets };
  const everywhere = proseWithSecrets.join('\n');
  const quoted = `qemu: something about ${['canary01', 'canary07==', 'canary09', 'canary14 is all of it'].join(' and ')}`;
  const [, ...rest] = exampleEvents.slice(0, -1);
  return [
    {
      kind: 'planned',
      plan: examplePlan({
        guest,
        checks: [{ id: 'a', severity: 'error', passed: false, text: everywhere, remedy: everywhere, command: quoted }],
      }),
    },
    ...rest,
    { kind: 'intended', step: 'listen', detail: everywhere },
    { kind: 'output-kept', side: 'destination', raw: `${everywhere}\n${quoted}` },
    ...proseWithSecrets.map((why): JournalEvent => ({ kind: 'sampling-failed', why })),
    {
      kind: 'failed',
      step: 'listen',
      failure: {
        kind: 'qmp',
        command: 'x',
        class: 'GenericError',
        description: everywhere,
        text: quoted,
        remedy: everywhere,
      },
    },
    { kind: 'observed', side: 'source', observation: { kind: 'unreachable', why: everywhere } },
    { kind: 'negotiated', protocol: 'tcp', when: 'connected', connections: [], text: everywhere, command: quoted },
    {
      kind: 'ended',
      outcome: 'safe-on-source',
      guest: 'source',
      explanation: { phase: 'copying', cause: everywhere, next: quoted, raw: everywhere },
    },
  ];
}

test('not one planted secret is left in a journal', () => {
  const redactor = createRedactor();
  redactor.learn(argvWithSecrets);
  const written = JSON.stringify(storyWithSecrets().map((event) => redactor.redact(event)));
  expect(written.match(canary)).toBe(null);
});

test('nor in any export of a journal that was written without redaction', () => {
  const phase = { name: 'ended', guest: 'source' } as const;
  const record = migrationRecord({ entries: journalOf(...storyWithSecrets()), samples: exampleSamples, phase });
  const exports = [recordToJson(record), recordToCsv(record), recordToLog(record)];
  expect(exports.map((text) => text.match(canary))).toEqual([null, null, null]);
});

test('the planted secrets are there before', () => {
  expect(new Set(JSON.stringify(storyWithSecrets()).match(canary)).size).toBe(16 + 13);
});

test('what is no secret stays', () => {
  const argv = [
    ['qemu-system-x86_64'],
    ['-vnc', ':1,password=on'],
    ['-drive', 'file=rbd:pool/image,password-secret=sec0,key-secret=sec1'],
    ['-object', 'secret,id=s0,file=/etc/secret.key'],
    ['-object', 'tls-creds-psk,id=t0,dir=/etc/psk,endpoint=client'],
    ['-drive', 'file=ssh://ada@host.example/disk.img'],
    ['-acpitable', 'data=/tmp/table.bin'],
    ['-append', 'root=/dev/vda key=value'],
    ['-netdev', 'tap,id=net0,ifname=tap0'],
  ].flat();
  const redactor = createRedactor();
  expect(redactor.redact({ argv })).toEqual({ argv });
});

test('a redacted value keeps its surroundings', () => {
  const redactor = createRedactor();
  expect(
    redactor
      .redact({ argv: argvWithSecrets })
      .argv.filter((_element, index) => index % 2 === 0)
      .slice(1),
  ).toEqual([
    'secret,id=s0,data=[redacted],format=raw',
    'secret,id=s1,format=base64,data=[redacted]',
    '{"qom-type":"secret","id":"s2","data":"[redacted]"}',
    'port=5900,password=[redacted]',
    'file=https://user:[redacted]@images.example/disk.img,if=none',
    'file=https://images.example/disk.img?token=[redacted]&part=1,if=none',
    'file=rbd:pool/image:id=admin:key=[redacted]:auth_supported=cephx',
    'file=iscsi://user%[redacted]@target.example/iqn/0',
    'name=opt/org.example/config,string=[redacted]',
    'type=11,value=[redacted]',
    'root=/dev/vda console=ttyS0 systemd.set_credential=[redacted]',
    '{"driver":"curl","file.cookie":"[redacted]","url":"https://[redacted]@images.example/"}',
    '[redacted]',
    'initiator-name=iqn.2026,user=ada,password=[redacted]',
    'isa-applesmc,osk=[redacted]',
  ]);
});

test.for([
  ['a query', 'https://h.example/x?a=b&token=s3cret99&part=1', 'https://h.example/x?a=b&token=[redacted]&part=1'],
  ['the first of a query', 'https://h.example/x?token=s3cret99&part=1', 'https://h.example/x?token=[redacted]&part=1'],
  ['RBD options', 'rbd:pool/x:key=s3cret99:conf=/etc/c', 'rbd:pool/x:key=[redacted]:conf=/etc/c'],
] as const)('a secret in %s ends where its own grammar says', ([, text, hidden]) => {
  expect(createRedactor().redact({ argv: [text] })).toEqual({ argv: [hidden] });
});

test('a known secret is hidden in other arguments too, also where another secret begins like it', () => {
  const argv = ['-spice', 'password=hunter22', '-iscsi', 'password=hunter2222', '-name', 'hunter2222-guest'];
  expect(createRedactor().redact({ argv }).argv.at(-1)).toBe('[redacted]-guest');
});

test("a comma that is doubled for QEMU's options is single in what it prints", () => {
  const redactor = createRedactor();
  redactor.learn(['-spice', 'password=hunter,,22']);
  expect(redactor.redact({ text: 'hunter,22 and hunter,,22' })).toEqual({ text: '[redacted] and [redacted]' });
});

test('a short secret is hidden where it stands, and not looked for in every text', () => {
  const redactor = createRedactor();
  const hidden = redactor.redact({ argv: ['-spice', 'password=port'] });
  expect([hidden.argv[1], redactor.redact({ text: 'the port is busy' }).text]).toEqual([
    'password=[redacted]',
    'the port is busy',
  ]);
});

test('redacting twice is redacting once', () => {
  const pieces = fc.constantFrom(
    ...argvWithSecrets,
    ...proseWithSecrets,
    ' ',
    ',',
    '"',
    '=',
    '[redacted]',
    'password=',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 5 }), (parts) => {
      const once = redactText(parts.join(''));
      expect(redactText(once)).toBe(once);
    }),
  );
});

test('a sentence is freed of its secrets by their shape alone', () => {
  expect(redactText('qemu: --spice password=canary, see https://ada:canary@images.example/disk')).toBe(
    'qemu: --spice password=[redacted] see https://ada:[redacted]@images.example/disk',
  );
});

test('paths and ids, by which a successor finds the guest, are never touched', () => {
  const secret = 'password=hunter22';
  const redactor = createRedactor();
  redactor.learn(['-spice', secret]);
  const kept = { monitorPath: `/run/${secret}/hunter22`, uuid: 'hunter22', kind: 'hunter22', text: 'hunter22' };
  expect(redactor.redact(kept)).toEqual({ ...kept, text: '[redacted]' });
});

test('the original is left as it was', () => {
  const original = { argv: ['-spice', 'password=hunter22'] };
  createRedactor().redact(original);
  expect(original.argv[1]).toBe('password=hunter22');
});

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** The names of all members that are free text, anywhere in a schema. */
function textMembers(schema: unknown, name = '', found = new Set<string>()): Set<string> {
  if (!isObject(schema) || !('def' in schema) || !isObject(schema.def)) return found;
  if ('type' in schema.def && schema.def.type === 'string') found.add(name);
  for (const [key, inner] of Object.entries(schema.def) as [string, unknown][]) {
    if (key === 'shape' && isObject(inner)) {
      for (const [member, type] of Object.entries(inner) as [string, unknown][]) textMembers(type, member, found);
    } else {
      for (const part of Array.isArray(inner) ? inner : [inner]) textMembers(part, name, found);
    }
  }
  return found;
}

const structuralMembers = `
  accelerator accepted activePort address binary bondMode bootId by class code congestionControl counters destination
  destinationAddress destinationInterface event first guest host hostId hostname id incidentId incoming interface interfaces kernel
  kind localAddress machine master migration monitorPath name only otherMonitorPaths outputPath parent path phase physicalPort remoteAddress run
  sharesWith source sourceAddress
  sourceInterface spice status subflow syscall sysctls user uuid version versions vnc without
`;

test('every text member of journal and record has been thought about: prose, or left as it is', () => {
  const members = new Set([...textMembers(journalEventSchema), ...textMembers(recordSchema)]);
  const thoughtAbout = [...proseMembers, ...structuralMembers.trim().split(/\s+/), 'argv'].toSorted();
  expect([...members].toSorted()).toEqual(thoughtAbout);
});
