import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCommandLine } from './run.ts';
import { fakeSurroundings } from './testing/fakes.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'switchyard-report-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function run(...argv: string[]) {
  const asked: unknown[] = [];
  const collectReport = (id?: string) => {
    asked.push(id);
    const files = [{ name: 'about.json', text: '{}\n' }];
    return Promise.resolve({ subject: 'i-00000001', files, archive: Buffer.from('archive') });
  };
  const surroundings = fakeSurroundings({ application: { collectReport } });
  const code = await runCommandLine(['report', ...argv], surroundings);
  return { code, asked, ...surroundings.console };
}

test('a report is a file for its owner, with a list of what is in it, and sends nothing', async () => {
  const path = join(folder, 'r.tar.gz');
  const { code, asked, printed } = await run('i-00000001', '--output', path);
  expect([
    code,
    asked,
    readFileSync(path, 'utf8'),
    statSync(path).mode & 0o777,
    printed.join('\n').split('\n'),
  ]).toEqual([
    0,
    ['i-00000001'],
    'archive',
    0o600,
    [`Wrote ${path} (7 B):`, '  about.json  3 B', expect.stringMatching(/nothing was sent\.$/)],
  ]);
});

test('a program gets the list as a document', async () => {
  const path = join(folder, 'r.tar.gz');
  const { printed } = await run('--json', '--output', path);
  expect(printed.map((text) => JSON.parse(text))).toEqual([
    { subject: 'i-00000001', file: path, bytes: 7, contents: [{ name: 'about.json', bytes: 3 }], sent: false },
  ]);
});

test('a report that is there already is kept, unless it is to be overwritten', async () => {
  const path = join(folder, 'r.tar.gz');
  await run('--output', path);
  expect([(await run('--output', path)).code, (await run('--output', path, '--force')).code]).toEqual([2, 0]);
});

test('stdout does not hold both the archive and the document', async () => {
  expect((await run('--json', '--output', '-')).code).toBe(2);
});
