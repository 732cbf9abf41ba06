import { cpSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runTool } from './run-tool.ts';

// The whole project beside a contract that has one more step: what the compiler then complains of is what has to be done.

const root = process.cwd();
const house = mkdtempSync(join(tmpdir(), 'switchyard-steps-'));

/** A step of the name alone, with nothing said about it anywhere. */
const newcomer = 'step-of-the-test-alone';

beforeAll(() => {
  const own = new Set(['contract', ...globSync('tsconfig*.json', { cwd: root })]);
  for (const name of readdirSync(root)) {
    if (own.has(name)) cpSync(join(root, name), join(house, name), { recursive: true });
    else symlinkSync(join(root, name), join(house, name));
  }
  const contract = join(house, 'contract/migration.ts');
  const source = readFileSync(contract, 'utf8');
  const changed = source.replace('stepNameSchema = z.enum([', `stepNameSchema = z.enum([\n  '${newcomer}',`);
  if (source.includes(newcomer)) throw new Error('the contract has that step: choose another name');
  if (changed === source) throw new Error('the contract names its steps otherwise now');
  writeFileSync(contract, changed);
});

afterAll(() => rmSync(house, { recursive: true, force: true }));

function placesThatLackIt(program: string): string[] {
  // Without this the compiler follows each link to where the contract is the old one.
  const said = runTool('tsc', ['-p', `tsconfig.${program}.json`, '--preserveSymlinks', '--pretty', 'false'], house);
  return said
    .split('\n')
    .filter((line) => /^\S/.test(line))
    .map((line) => (line.includes(newcomer) ? line.replace(/\(.*/, '') : line));
}

test.each([
  [
    'main',
    [
      'main/engine/simulation/step-stories.ts',
      'main/engine/step-table.ts',
      'main/engine/steps.ts',
      'main/export/sentences.ts',
    ],
  ],
  ['renderer', []],
  ['preload', []],
])(
  'a step that is added by name is missed by the compiler where it has to be handled, in %s',
  (program, places) => {
    expect(placesThatLackIt(program).toSorted()).toEqual(places);
  },
  60_000,
);
