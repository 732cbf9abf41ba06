import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const notOurs = new Set(['node_modules', 'out', 'dist', '.cache', '.vitest']);
const pages = globSync('**/*.md', { cwd: root, exclude: (name) => notOurs.has(name) }).toSorted();

test('the pages are found', () => {
  expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/lifecycle.md', 'main/engine/README.md']));
});

test('a page links to what is there', () => {
  const dead = pages.flatMap((page) => {
    const targets = linksIn(prose(page)).filter((target) => !existsSync(join(root, dirname(page), target)));
    return targets.map((target) => `${page}: ${target}`);
  });
  expect(dead).toEqual([]);
});

test("a folder's table of files names what is there", () => {
  const gone = pages
    .filter((page) => page.endsWith('README.md'))
    .flatMap((page) => {
      const names = filesNamedIn(prose(page)).filter((name) => !existsSync(join(root, dirname(page), name)));
      return names.map((name) => `${page}: ${name}`);
    });
  expect(gone).toEqual([]);
});

test.each([
  ['[a page](docs/a.md#part)', ['docs/a.md']],
  ['[![a picture](b.png)](c.md)', ['b.png', 'c.md']],
  ['<img src="a-light.png"><source srcset="a-dark.png">', ['a-light.png', 'a-dark.png']],
  ['[elsewhere](https://example.org/a) and [here](#part)', []],
])('the links of %s', (text, links) => {
  expect(linksIn(text)).toEqual(links);
});

test('only the first column of a table names files', () => {
  expect(filesNamedIn('| `a.ts`, `b/` | `c.ts` |\n`d.ts`\n| `e.f` and `--g.ts x` | |')).toEqual(['a.ts', 'b/']);
});

/** Without what stands in fences: that is terminal output. */
function prose(page: string): string {
  return readFileSync(join(root, page), 'utf8').replaceAll(/^```.*?^```/gms, '');
}

/** Relative targets, without their fragments. */
function linksIn(text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)|\b(?:src|srcset|href)="([^"]+)"/g)]
    .map(([, markdown, html]) => (markdown ?? html ?? '').replace(/#.*/, ''))
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target));
}

function filesNamedIn(text: string): string[] {
  return text
    .split('\n')
    .flatMap((line) => /^\|([^|]*)\|/.exec(line)?.[1] ?? [])
    .flatMap((cell) =>
      [...cell.matchAll(/`([\w./-]+(?:\.(?:tsx?|s|c|h|sh|md)|\/))`/g)].flatMap(([, name]) => name ?? []),
    );
}
