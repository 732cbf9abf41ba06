import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readQemuFeatures, type QemuFeatures } from '#main/qmp/features.ts';
import { featuresOf } from './qemu-features.ts';

let folder: string;
let program: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sy-features-'));
  program = join(folder, 'qemu');
  writeFileSync(program, 'one');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function asker(): { ask: () => Promise<QemuFeatures>; count: () => number } {
  let count = 0;
  const ask = (): Promise<QemuFeatures> => {
    count += 1;
    return Promise.resolve(readQemuFeatures({ major: 7, minor: 2, micro: count, package: '' }, []));
  };
  return { ask, count: () => count };
}

test('a program is asked once, also by two at a time', async () => {
  const { ask, count } = asker();
  await Promise.all([featuresOf(program, 0, ask), featuresOf(program, 0, ask)]);
  await featuresOf(program, 0, ask);
  expect(count()).toBe(1);
});

test('another version of the file is asked again', async () => {
  const { ask, count } = asker();
  await featuresOf(program, 0, ask);
  writeFileSync(program, 'another');
  await featuresOf(program, 0, ask);
  expect(count()).toBe(2);
});

test('what the process of one user has answered is believed of no other', async () => {
  const { ask, count } = asker();
  const [root, mallory] = [await featuresOf(program, 0, ask), await featuresOf(program, 1000, ask)];
  expect([count(), root.version.micro, mallory.version.micro]).toEqual([2, 1, 2]);
});

test('a failure is not remembered', async () => {
  await expect(featuresOf(program, 0, () => Promise.reject(new Error('busy')))).rejects.toThrow('busy');
  const { ask, count } = asker();
  await featuresOf(program, 0, ask);
  expect(count()).toBe(1);
});
