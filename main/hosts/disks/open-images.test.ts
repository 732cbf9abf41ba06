import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { identityAt } from '#main/hosts/portrait/files.ts';
import type { JsonObject } from '#main/qmp/json.ts';
import { imagesOf, type Open } from './open-images.ts';

/** A file that is there wherever the tests run. */
const path = import.meta.filename;
const leadsTo = identityAt(path) ?? '';
const lock = { file: 'fe:00:7', kind: 'read', first: 100, last: 101 } as const;
const opened: ReadonlyMap<string, Open> = new Map([[leadsTo, { isWritten: true, locks: [lock] }]]);

const root = { absolute: (file: string): string => resolve('/', file) };

function node(changes: JsonObject = {}): JsonObject {
  return { drv: 'file', file: path, ro: false, cache: { direct: false }, ...changes };
}

describe('the images that a QEMU has open', () => {
  test('are its files, each once, as its descriptors have them', () => {
    const nodes = [node({ drv: 'qcow2' }), node(), node({ file: `json:{"driver":"file","filename":"${path}"}` })];
    expect(imagesOf(nodes, root, opened)).toEqual([
      { path, leadsTo, forWriting: true, direct: false, locks: { file: 'fe:00:7', bytes: [100, 101] } },
    ]);
  });

  test('are opened for reading where the descriptor is, whatever the node may do (auto-read-only)', () => {
    const [image] = imagesOf([node()], root, new Map([[leadsTo, { isWritten: false, locks: [] }]]));
    expect(image).toEqual({ path, leadsTo, forWriting: false, direct: false });
  });

  test('are named from where the names of the process begin', () => {
    const [folder, name] = [path.slice(0, path.lastIndexOf('/')), path.slice(path.lastIndexOf('/') + 1)];
    expect(
      imagesOf([node({ file: name })], { absolute: (file) => join(folder, file) }, opened).map((image) => image.path),
    ).toEqual([path]);
  });

  test('leave the page cache out where one of their nodes does', () => {
    const images = imagesOf([node({ cache: { direct: true } }), node()], root, opened);
    expect(images.map(({ direct }) => direct)).toEqual([true]);
  });

  test('are not what it only claims to have open', () => {
    expect(imagesOf([node({ file: '/etc/passwd' }), node({ drv: 'nbd', file: 'nbd://host' })], root, opened)).toEqual(
      [],
    );
  });

  test('are as it says where its descriptors may not be seen', () => {
    const images = imagesOf([node(), node({ file: '/nowhere', ro: true })], root, new Map());
    expect(images).toEqual([
      { path, leadsTo, forWriting: true, direct: false },
      { path: '/nowhere', forWriting: false, direct: false },
    ]);
  });
});
