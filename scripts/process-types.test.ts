import { cpSync, globSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runTool } from './run-tool.ts';

// The real compiler settings of the sandboxed processes, applied to one file that reaches for Node.

const root = process.cwd();
const house = mkdtempSync(join(tmpdir(), 'switchyard-types-'));

beforeAll(() => {
  symlinkSync(join(root, 'node_modules'), join(house, 'node_modules'));
  for (const name of globSync('tsconfig*.json', { cwd: root })) cpSync(join(root, name), join(house, name));
});

afterAll(() => rmSync(house, { recursive: true, force: true }));

test.each(['renderer', 'preload'])('%s has the browser, and nothing of Node', (folder) => {
  mkdirSync(join(house, folder));
  const lines = [
    'export const title = document.title;',
    "import { readFileSync } from 'node:fs';",
    'export const text = readFileSync(title);',
    'export const pid = process.pid;',
    'export const bytes = Buffer.alloc(1);',
    'export const timer = setTimeout(() => title, 1).unref();',
  ];
  writeFileSync(join(house, folder, 'probe.ts'), `${lines.join('\n')}\n`);

  const said = runTool('tsc', ['-p', `tsconfig.${folder}.json`, '--pretty', 'false'], house);

  expect([...said.matchAll(/^(.*)\((\d+),\d+\): error/gm)].map((match) => `${match[1]}:${match[2]}`)).toEqual(
    [2, 4, 5, 6].map((line) => `${folder}/probe.ts:${line}`),
  );
});
