import { describe, expect, test } from 'vitest';
import { obstacles, obstaclesOf } from './obstacles.ts';
import type { Portrait } from './portrait.ts';
import { withLeaf } from './testing/leaves.ts';
import { samplePortrait } from './testing/sample-portrait.ts';

const bitmap = { name: 'hourly', persistent: false };

/** For each obstacle a guest that has it, and the item that is named. */
const cases: Readonly<Record<string, readonly (readonly [Portrait, string])[]>> = {
  blocked: [[{ ...samplePortrait, blockers: ['The vvfat (rw) format does not support live migration.'] }, 'migration']],
  'block-driver': [[{ ...samplePortrait, blockDrivers: ['file', 'quorum', 'raw'] }, 'quorum']],
  'block-job': [[{ ...samplePortrait, jobs: ['mirror of virtio0'] }, 'mirror of virtio0']],
  'block-export': [[{ ...samplePortrait, exports: ['nbd "e0" of d1'] }, 'nbd "e0" of d1']],
  tpm: [[{ ...samplePortrait, tpms: ['tpm-tis (passthrough)'] }, 'tpm-tis (passthrough)']],
  root: [[withLeaf(samplePortrait, ['process', 'root'], '/jail'), '/jail']],
  'image-replaced': [
    [withLeaf(samplePortrait, ['drives', 0, 'medium', 'layers', 1, 'isOpen'], false), 'virtio0'],
    [
      withLeaf(
        withLeaf(samplePortrait, ['drives', 0, 'medium', 'layers', 0, 'isOpen'], false),
        ['drives', 0, 'medium', 'layers', 0, 'leadsTo'],
        undefined,
      ),
      'virtio0',
    ],
  ],
  'image-name': [[withLeaf(samplePortrait, ['drives', 0, 'medium', 'layers', 0, 'lostName'], '/top.qcow2'), 'virtio0']],
  'open-files-unknown': [[withLeaf(samplePortrait, ['process', 'openFilesKnown'], false), '/proc/PID/fd']],
  'bitmap-in-memory': [
    [withLeaf(samplePortrait, ['drives', 0, 'medium', 'bitmaps'], [bitmap]), 'hourly of virtio0'],
    [withLeaf(samplePortrait, ['nodes', 0, 'bitmaps'], [bitmap]), 'hourly of d1'],
  ],
};

describe('obstacles', () => {
  test('none stands in the way of a guest that moves', () => {
    expect(obstaclesOf(samplePortrait)).toEqual([]);
  });

  test('each has a case here', () => {
    expect(Object.keys(cases)).toEqual(obstacles.map(({ id }) => id));
  });

  test.each(Object.entries(cases).flatMap(([id, list]) => list.map(([portrait, item]) => ({ id, portrait, item }))))(
    '$id names $item',
    ({ id, portrait, item }) => {
      expect(obstaclesOf(portrait).map((found) => ({ row: found.row, item: found.item }))).toEqual([{ row: id, item }]);
    },
  );

  test('quotes QEMU, with one full stop', () => {
    const portrait = { ...samplePortrait, blockers: ['The vmdk format does not support live migration.'] };
    expect(obstaclesOf(portrait)[0]?.text).toBe(
      'QEMU refuses to migrate this guest: The vmdk format does not support live migration.',
    );
  });

  test('only what may be known to be well can be accepted', () => {
    const acceptable = obstacles.filter((obstacle) => obstacle.acceptable === true).map(({ id }) => id);
    expect(acceptable).toEqual(['bitmap-in-memory']);
  });
});
