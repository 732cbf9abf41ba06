import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { runTool } from './run-tool.ts';

// Here the real linter, with the real configuration, meets a model of the house in which every room holds one file with
// the imports below, one a line.

interface Room {
  readonly folder: string;
  readonly welcome: readonly string[];
  readonly refused: readonly string[];
}

const everywhereRefused = ['left-pad', '../neighbour.ts', 'fs'];

const rooms: readonly Room[] = [
  {
    folder: 'contract',
    welcome: ['zod', './units.ts', '#contract/units.ts'],
    refused: ['node:fs', 'koffi', 'electron', '#native/libc.ts', '#main/engine/ports.ts', '#renderer/app.tsx'],
  },
  {
    folder: 'native',
    welcome: ['koffi', 'node:fs', 'node:fs/promises', 'node:module', '#contract/units.ts', '#native/libc.ts'],
    refused: ['electron', 'zod', '#main/qmp/client.ts', '#main/engine/ports.ts', '#lab/lab.ts'],
  },
  {
    folder: 'main/engine',
    welcome: ['./ports.ts', '#contract/migration.ts', '#main/engine/ports.ts', '#main/likeness/compare.ts'],
    refused: ['node:fs', 'node:fs/promises', 'koffi', '#main/qmp/client.ts', '#main/hosts/local.ts', '#native/libc.ts'],
  },
  {
    folder: 'main/qmp',
    welcome: ['node:net', 'node:timers/promises', '#contract/errors.ts', '#native/libc.ts', '#main/qmp/client.ts'],
    refused: ['koffi', '#main/engine/ports.ts', '#main/hosts/local.ts', 'node:module'],
  },
  {
    folder: 'main/mptcp',
    welcome: ['node:fs/promises', '#contract/telemetry.ts', '#native/netlink/session.ts', '#main/engine/ports.ts'],
    refused: ['koffi', '#main/engine/reducer.ts', '#main/qmp/client.ts', 'node:module'],
  },
  {
    folder: 'main/probe',
    welcome: ['./ports.ts', '#contract/probe.ts', '#main/mptcp/counters.ts', '#main/engine/ports.ts'],
    refused: [
      'node:crypto',
      '#native/libc.ts',
      '#main/hosts/local.ts',
      '#main/storage/journal.ts',
      '#main/engine/run.ts',
    ],
  },
  {
    folder: 'main/likeness',
    welcome: ['./portrait.ts', '#contract/units.ts', '#main/likeness/compare.ts'],
    refused: ['node:fs', '#native/libc.ts', '#main/engine/ports.ts', '#main/qmp/client.ts', '#main/hosts/local.ts'],
  },
  {
    folder: 'main/telemetry',
    welcome: ['./clock.ts', '#contract/telemetry.ts', '#main/telemetry/clock.ts'],
    refused: ['node:fs', '#native/libc.ts', '#main/mptcp/sampler.ts'],
  },
  {
    folder: 'main/storage',
    welcome: [
      'node:fs/promises',
      'node:sqlite',
      '#contract/migration.ts',
      '#main/engine/ports.ts',
      '#main/redaction/redact.ts',
    ],
    refused: ['koffi', '#native/libc.ts', '#main/engine/reducer.ts', '#main/qmp/client.ts', 'node:module'],
  },
  {
    folder: 'main/export',
    welcome: ['./csv.ts', '#contract/migration.ts', '#main/redaction/redact.ts'],
    refused: ['node:fs', 'node:fs/promises', '#main/storage/journal.ts'],
  },
  {
    folder: 'main/redaction',
    welcome: ['./redact.ts', '#contract/migration.ts', '#main/redaction/redact.ts'],
    refused: ['node:fs', 'node:fs/promises', '#main/export/csv.ts', '#main/storage/journal.ts'],
  },
  {
    folder: 'main/hosts',
    welcome: [
      'node:child_process',
      '#native/libc.ts',
      '#main/qmp/client.ts',
      '#main/mptcp/sampler.ts',
      '#main/redaction/redact.ts',
      '#main/engine/ports.ts',
      '#main/probe/ports.ts',
      '#main/storage/plain-file.ts',
      '#main/storage/lock.ts',
    ],
    refused: ['koffi', 'electron', '#main/engine/reducer.ts', '#main/storage/journal.ts', '#lab/lab.ts', 'node:module'],
  },
  {
    folder: 'main/app',
    welcome: [
      'node:os',
      '#main/engine/reducer.ts',
      '#main/probe/probe.ts',
      '#main/hosts/local.ts',
      '#main/storage/journal.ts',
      '#main/export/csv.ts',
      '#main/redaction/redact.ts',
    ],
    refused: ['electron', 'koffi', '#native/libc.ts', '#lab/lab.ts', '#main/cli/index.ts', 'commander', 'node:module'],
  },
  {
    folder: 'main/cli',
    welcome: [
      'commander',
      'node:fs/promises',
      '#main/app/app.ts',
      '#lab/lab.ts',
      '#main/webhost/serve-web.ts',
      '#main/export/csv.ts',
      '#main/redaction/redact.ts',
      '#contract/units.ts',
    ],
    refused: ['electron', 'koffi', '#native/libc.ts', '#main/engine/reducer.ts', '#main/qmp/client.ts', 'node:module'],
  },
  {
    folder: 'main/webhost',
    welcome: ['ws', 'node:http', '#main/app/app.ts', '#lab/lab.ts', '#contract/units.ts'],
    refused: ['electron', 'koffi', '#main/engine/reducer.ts', '#main/cli/index.ts', 'node:module'],
  },
  {
    folder: 'main/shell',
    welcome: ['electron', 'node:path', '#main/app/app.ts', '#contract/units.ts'],
    refused: ['koffi', 'ws', '#main/engine/reducer.ts', '#native/libc.ts', '#renderer/app.tsx', 'node:module'],
  },
  {
    folder: 'preload',
    welcome: ['electron', '#contract/channels.ts'],
    refused: ['node:fs', 'koffi', '#main/app/app.ts', '#renderer/app.tsx'],
  },
  {
    folder: 'renderer',
    welcome: [
      'react',
      'react-dom/client',
      'zustand/vanilla',
      'uplot',
      '@patternfly/react-core',
      '#contract/units.ts',
      '#renderer/app.tsx',
    ],
    refused: ['node:fs', 'node:fs/promises', 'electron', 'koffi', '#main/app/app.ts', '#native/libc.ts'],
  },
  {
    folder: 'lab',
    welcome: [
      'node:child_process',
      '#native/libc.ts',
      '#main/qmp/client.ts',
      '#main/mptcp/endpoints.ts',
      '#main/hosts/local.ts',
    ],
    refused: ['koffi', 'electron', '#main/engine/reducer.ts', '#main/cli/index.ts', 'node:module'],
  },
];

// Tests, and what drives the project from outside, may look into every room, but never wake Electron.
const onlookers = [
  'contract/a.test.ts',
  'main/engine/a.test.ts',
  'renderer/a.test.tsx',
  'e2e/web/a.ts',
  'bench/a.ts',
  'scripts/a.ts',
];

const root = process.cwd();
let house: string;
let findings: ReadonlyMap<string, readonly Finding[]>;

interface Finding {
  readonly specifier: string;
  readonly rule: string;
}

beforeAll(() => {
  house = mkdtempSync(join(tmpdir(), 'switchyard-rules-'));
  symlinkSync(join(root, 'node_modules'), join(house, 'node_modules'));
  for (const name of ['.oxlintrc.json', 'package.json', ...globSync('tsconfig*.json', { cwd: root })]) {
    cpSync(join(root, name), join(house, name));
  }
  for (const { folder, welcome, refused } of rooms) {
    write(`${folder}/nook/probe.ts`, [...welcome, ...refused, ...everywhereRefused].map(importing));
  }
  for (const path of onlookers) write(path, ['#native/libc.ts', 'electron'].map(importing));
  write('main/qmp/lazy.ts', [
    "await import('koffi');",
    "export * from 'electron';",
    "export type { App } from 'electron';",
  ]);
  write('main/qmp/one.ts', ["import { two } from './two.ts';", 'export const one = (): number => two();']);
  write('main/qmp/two.ts', ["import { one } from './one.ts';", 'export const two = (): number => one();']);
  findings = lint();
});

afterAll(() => rmSync(house, { recursive: true, force: true }));

describe('import rules', () => {
  test('every room of the house has one', () => {
    const sources = globSync('*/**/*.{ts,tsx}', { cwd: root, exclude: ['node_modules', 'out', 'dist'] });
    const folders = new Set(sources.map((path) => /^(main\/)?[^/]+/.exec(path)?.[0] ?? path));
    const known = [...rooms.map((room) => room.folder), ...onlookers.map((path) => path.replace(/\/.*/, ''))];
    expect([...folders].filter((folder) => !known.includes(folder))).toEqual([]);
  });

  test.each(rooms)('$folder refuses what is not its own', ({ folder, refused }) => {
    const message = messageOf(folder);
    expect(findings.get(`${folder}/nook/probe.ts`)).toEqual(
      [...refused, ...everywhereRefused].map((specifier) => ({ specifier, rule: message })),
    );
  });

  test.each(onlookers)('%s may look into every room, but not import electron', (path) => {
    expect(findings.get(path)).toEqual([
      { specifier: 'electron', rule: expect.stringContaining('starts the download of its binary') },
    ]);
  });

  test('lazy imports, exports and types are held to the same rule', () => {
    expect(findings.get('main/qmp/lazy.ts')?.map((finding) => finding.specifier)).toEqual([
      'koffi',
      'electron',
      'electron',
    ]);
  });

  test('two files that import each other are refused', () => {
    expect(findings.get('main/qmp/one.ts')).toEqual([{ specifier: './two.ts', rule: 'cycle' }]);
  });
});

function importing(specifier: string): string {
  return `import '${specifier}';`;
}

function write(path: string, lines: readonly string[]): void {
  const file = join(house, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${lines.join('\n')}\n`);
}

const report = z.object({
  diagnostics: z.array(
    z.object({
      code: z.string(),
      help: z.string().optional(),
      filename: z.string(),
      labels: z.array(z.object({ span: z.object({ line: z.number() }) })),
    }),
  ),
});

/** What the linter holds against the imports of each file, in the order of their lines. */
function lint(): ReadonlyMap<string, readonly Finding[]> {
  const { diagnostics } = report.parse(JSON.parse(runTool('oxlint', ['--format', 'json'], house)));
  const found = diagnostics
    .filter(({ code }) => code === 'eslint(no-restricted-imports)' || code === 'import(no-cycle)')
    .map(({ code, help, filename, labels }) => ({ code, help, filename, line: labels[0]?.span.line ?? 0 }))
    .toSorted((a, b) => a.line - b.line)
    .map(({ code, help, filename, line }) => ({
      filename,
      specifier: specifierAt(filename, line),
      rule: code === 'import(no-cycle)' ? 'cycle' : (help ?? ''),
    }));
  const files = Map.groupBy(found, (finding) => finding.filename);
  return new Map([...files].map(([file, list]) => [file, list.map(({ specifier, rule }) => ({ specifier, rule }))]));
}

function specifierAt(file: string, line: number): string {
  const text = readFileSync(join(house, file), 'utf8').split('\n')[line - 1] ?? '';
  return /'(.*)'/.exec(text)?.[1] ?? text;
}

const config = z.object({
  overrides: z.array(
    z.object({
      files: z.array(z.string()),
      rules: z.object({
        'no-restricted-imports': z
          .tuple([z.string(), z.object({ patterns: z.array(z.object({ message: z.string() })) })])
          .optional(),
      }),
    }),
  ),
});

function messageOf(folder: string): string {
  const { overrides } = config.parse(JSON.parse(readFileSync(join(root, '.oxlintrc.json'), 'utf8')));
  const own = overrides.find(({ files }) => files.includes(`${folder}/**`))?.rules['no-restricted-imports'];
  return own?.[1].patterns[0]?.message ?? `no rule for ${folder}`;
}
