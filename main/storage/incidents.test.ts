import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { IncidentLog, readIncidents, type IncidentLogOptions } from './incidents.ts';

let state: string;
let printed: string[];
const noon = Date.UTC(2026, 10, 28, 12);

beforeEach(() => {
  state = join(mkdtempSync(join(tmpdir(), 'switchyard-incidents-')), 'state');
  printed = [];
});
afterEach(() => rmSync(join(state, '..'), { recursive: true, force: true }));

function incidentLog(changes: Partial<IncidentLogOptions> = {}): IncidentLog {
  const fallBack = (text: string): void => void printed.push(text);
  return new IncidentLog({ state, version: '1', face: 'serve', epochMs: () => noon, fallBack, ...changes });
}

const path = (name = 'incidents.ndjson'): string => join(state, name);

test('a fault is one line of the incident file, with all that was known of it', () => {
  const id = incidentLog().report(new TypeError('oops'), { migration: '20261128T120000Z-0001' });
  expect([JSON.parse(readFileSync(path(), 'utf8')), readIncidents(state).map((incident) => incident.id)]).toEqual([
    {
      id,
      at: '2026-11-28T12:00:00.000Z',
      version: '1',
      face: 'serve',
      pid: process.pid,
      migration: '20261128T120000Z-0001',
      stack: expect.stringMatching(/^TypeError: oops\n +at .*incidents\.test\.ts/),
    },
    [id],
  ]);
});

test('the file is for its user alone', () => {
  incidentLog().report(new Error('x'));
  expect([lstatSync(path()).mode & 0o777, lstatSync(state).mode & 0o777]).toEqual([0o600, 0o700]);
});

test('secrets are hidden: those with a shape, and those of the command line of the guest', () => {
  incidentLog().report(new Error('password=hunter22 and verysecret1'), {
    argv: ['-object', 'secret,id=s,data=verysecret1'],
  });
  expect(readIncidents(state).map(({ stack }) => stack.split('\n')[0])).toEqual([
    'Error: password=[redacted] and [redacted]',
  ]);
});

test('the same error at two borders is one incident', () => {
  const log = incidentLog();
  const fault = new Error('x');
  const ids = [log.report(fault, { migration: 'm' }), log.report(fault)];
  expect([ids[0] === ids[1], readIncidents(state).length]).toEqual([true, 1]);
});

test('a fault that repeats is written once a minute', () => {
  let now = noon;
  const log = incidentLog({ epochMs: () => now });
  const fail = (): string => log.report('the same');
  const first = fail();
  now += 59_999;
  const again = fail();
  now += 1;
  const later = fail();
  expect([again === first, later === first, readIncidents(state).length]).toEqual([true, false, 2]);
});

test('of many different faults only the last are remembered, and none is left out', () => {
  const log = incidentLog();
  for (let each = 0; each < 70; each += 1) log.report(`fault ${each}`);
  log.report('fault 0');
  log.report('fault 69');
  expect(readIncidents(state).length).toBe(71);
});

test('a full file is set aside, twice, and what is older goes', () => {
  const log = incidentLog({ mostBytes: 1000 });
  for (let each = 0; each < 40; each += 1) log.report(`${each} ${'x'.repeat(200)}`);
  const kept = readIncidents(state).map(({ stack }) => Number.parseInt(stack.slice(1), 10));
  expect({
    files: ['incidents.ndjson', 'incidents.1.ndjson', 'incidents.2.ndjson'].map(
      (name) => lstatSync(path(name)).size <= 1000,
    ),
    consecutive: kept.every((each, index) => index === 0 || each === (kept[index - 1] ?? 0) + 1),
    newest: kept.at(-1),
    lock: existsSync(path('incidents.rotating')),
  }).toEqual({ files: [true, true, true], consecutive: true, newest: 39, lock: false });
});

test('while another process sets the file aside, the incident is written all the same', () => {
  const log = incidentLog({ mostBytes: 100 });
  log.report('one');
  writeFileSync(path('incidents.rotating'), '');
  utimesSync(path('incidents.rotating'), noon / 1000, noon / 1000);
  log.report('two');
  expect([readIncidents(state).length, existsSync(path('incidents.1.ndjson'))]).toEqual([2, false]);
});

test('the lock of a process that died while it set the file aside is removed', () => {
  const log = incidentLog({ mostBytes: 100 });
  log.report('one');
  writeFileSync(path('incidents.rotating'), '');
  utimesSync(path('incidents.rotating'), (noon - 60_000) / 1000, (noon - 60_000) / 1000);
  log.report('two');
  log.report('three');
  expect([readIncidents(state).length, existsSync(path('incidents.1.ndjson'))]).toEqual([3, true]);
});

test.for([
  ['the state directory is a file', () => writeFileSync(state, '')],
  ['others may write to the state directory', () => (mkdirSync(state), chmodSync(state, 0o777))],
  ['a link lies where the file has to be', () => (mkdirSync(state, { mode: 0o700 }), symlinkSync('/dev/zero', path()))],
  ['a directory lies where the file has to be', () => mkdirSync(path(), { recursive: true, mode: 0o700 })],
] as const)('where %s, the incident goes to stderr and nothing is thrown', ([, spoil]) => {
  spoil();
  const id = incidentLog().report(new Error('oops'));
  expect([
    printed.length,
    printed[0]?.startsWith(`incident ${id} is not in the incident file (`),
    printed[0]?.includes('Error: oops'),
  ]).toEqual([1, true, true]);
});

test('what goes to stderr drives no terminal, whatever the fault quotes', () => {
  writeFileSync(state, '');
  incidentLog().report(new Error('guest \u001b]0;owned\u0007\u202e'));
  expect(printed[0]).toContain('guest \\u001b]0;owned\\u0007\\u202e');
});

test('what is not an incident is left out when they are read', () => {
  incidentLog().report('one');
  const whole = readFileSync(path(), 'utf8');
  writeFileSync(path(), `{"id":"i-1"}\nno json\n${whole}{"id":"i-0000`);
  symlinkSync('/dev/zero', path('incidents.1.ndjson'));
  expect(readIncidents(state).length).toBe(1);
});

test('of a file that has grown too long only the end is read', () => {
  incidentLog().report('one');
  const whole = readFileSync(path(), 'utf8');
  writeFileSync(path(), `${'x'.repeat(3 << 20)}\n${whole}`);
  expect(readIncidents(state).length).toBe(1);
});
