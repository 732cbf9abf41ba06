import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { trace, traceCategories } from '#contract/trace.ts';
import { closeTraces, openTraces } from './tracing.ts';

let folder: string;
let lines: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-trace-'));
  lines = [];
});
afterEach(() => {
  closeTraces();
  rmSync(folder, { recursive: true, force: true });
});

function open(environment: NodeJS.ProcessEnv): void {
  openTraces({ environment, write: (line) => lines.push(line), epochMs: () => Date.UTC(2026, 10, 28) });
}

const connected = (): readonly string[] => traceCategories.filter((category) => trace[category] !== undefined);

test.for<[string | undefined, readonly string[]]>([
  [undefined, []],
  ['', []],
  ['qmp', ['qmp']],
  ['qmp, engine', ['qmp', 'engine']],
  ['all', traceCategories],
])('SWITCHYARD_TRACE=%s connects %j', ([value, expected]) => {
  open({ SWITCHYARD_TRACE: value });
  expect(connected()).toEqual(expected);
});

test('a category that does not exist is refused by the names of those that do, and nothing is traced', () => {
  expect(() => open({ SWITCHYARD_TRACE: 'qmp,qemu' })).toThrow('SWITCHYARD_TRACE names "qemu"');
  expect(connected()).toEqual([]);
});

test('a line has its time, its process, its category, who spoke, and what was said', () => {
  open({ SWITCHYARD_TRACE: 'qmp' });
  trace.qmp?.('source >', { execute: 'query-status', arguments: {}, id: 1n });
  expect(lines).toEqual([
    `2026-11-28T00:00:00.000Z ${process.pid} qmp source > {"execute":"query-status","arguments":{},"id":"1"}`,
  ]);
});

test('secrets are hidden: in commands, in answers, in command lines', () => {
  open({ SWITCHYARD_TRACE: 'all' });
  trace.qmp?.('source >', { execute: 'set_password', arguments: { protocol: 'vnc', password: 'hunter22' } });
  trace.qmp?.('source >', { execute: 'object-add', arguments: { 'qom-type': 'secret', id: 's', data: 'hunter22' } });
  trace.qmp?.('source <', '{"return": {"url": "https://ada:hunter22@h"}}\r\n');
  trace.process?.('started', { argv: ['qemu', '-spice', 'password=hunter22 with spaces,port=1'] });
  trace.engine?.('note: x password=hunter22');
  expect([lines.length, lines.filter((line) => /hunter22|spaces|\n/.test(line))]).toEqual([5, []]);
});

test('what others have said drives no terminal, also not from a file', () => {
  const path = join(folder, 'trace.log');
  open({ SWITCHYARD_TRACE: 'qmp', SWITCHYARD_TRACE_FILE: path });
  trace.qmp?.('source <', '{"name":"\u009b2J\u202e"}');
  expect(readFileSync(path, 'utf8')).toMatch(/source < \{"name":"\\u009b2J\\u202e"\}\n$/);
});

test('a long message is cut', () => {
  open({ SWITCHYARD_TRACE: 'qmp' });
  trace.qmp?.('source <', 'x'.repeat(10_000));
  expect(lines[0]).toMatch(/x{4096}… \(5904 more\)$/);
});

test('a file is appended to, and is for its owner alone', () => {
  const path = join(folder, 'trace.log');
  open({ SWITCHYARD_TRACE: 'control', SWITCHYARD_TRACE_FILE: path });
  trace.control?.('one');
  trace.control?.('two');
  expect([readFileSync(path, 'utf8').trim().split('\n').length, statSync(path).mode & 0o777, lines]).toEqual([
    2,
    0o600,
    [],
  ]);
});

test('where the file cannot be written, the line goes to stderr', () => {
  open({ SWITCHYARD_TRACE: 'control', SWITCHYARD_TRACE_FILE: folder });
  trace.control?.('one');
  expect(lines).toEqual([expect.stringMatching(/control one \(not in .*EISDIR/)]);
});

test('nothing is evaluated while nothing is traced', () => {
  let evaluated = 0;
  trace.qmp?.(`source ${(evaluated += 1)}`);
  expect(evaluated).toBe(0);
});
