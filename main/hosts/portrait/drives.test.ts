import { expect, test } from 'vitest';
import { readDrives } from './drives.ts';
import type { FileView } from './files.ts';

/** Started in /vm, and gone to the root since. */
const daemon = (links: Readonly<Record<string, string>>): FileView => ({
  open: new Set(['1:1']),
  absolute: (path) => (path.startsWith('/') ? path : `/vm/${path}`),
  now: (path) => (path.startsWith('/') ? path : `/${path}`),
  leadsTo: (path) => ({ '/vm/a.raw': '1:1', ...links })[path],
});

const lostNames = (filename: string, links: Readonly<Record<string, string>> = {}): readonly (string | undefined)[] =>
  readDrives([{ device: 'hd', inserted: { image: { format: 'raw', filename } } }], daemon(links)).flatMap(
    ({ medium }) => medium?.layers.map(({ lostName }) => lostName) ?? [],
  );

test.each<[string, string, Readonly<Record<string, string>>, string | undefined]>([
  ['a relative name is lost with the folder', 'a.raw', {}, '/a.raw'],
  ['a relative name that leads to another file now is lost', 'a.raw', { '/a.raw': '1:2' }, '/a.raw'],
  ['a relative name that leads to the image by a link is not lost', 'a.raw', { '/a.raw': '1:1' }, undefined],
  ['an absolute name is not lost', '/vm/a.raw', {}, undefined],
  ['what is no file has no name to lose', 'nbd://host/a', {}, undefined],
])('%s', (_what, filename, links, lostName) => {
  expect(lostNames(filename, links)).toEqual([lostName]);
});
