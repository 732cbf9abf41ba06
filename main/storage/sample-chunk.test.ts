import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { toJson } from '#contract/json.ts';
import { exampleId, sampleAt } from '#main/export/testing/example-migration.ts';
import { migrationPaths } from './paths.ts';
import { readSampleChunk } from './sample-chunk.ts';

const samples = Array.from({ length: 500 }, (_, index) => sampleAt(index, index * 1000));
const timeOf = (index: number): number => samples[index]?.atEpochMs ?? 0;

let state = '';
let file = '';
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'switchyard-chunk-'));
  file = migrationPaths(state, exampleId).samples;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, samples.map((sample) => `${toJson(sample)}\n`).join(''));
});
afterEach(() => rmSync(state, { recursive: true }));

const chunk = (afterEpochMs: number, limit: number) => readSampleChunk(state, exampleId, { afterEpochMs, limit });

test('chunk by chunk gives every sample once, in order', async () => {
  const read = [];
  for (let [after, more] = [-Infinity, true]; more;) {
    const next = await chunk(after, 180);
    read.push(...next.samples);
    [after, more] = [read.at(-1)?.atEpochMs ?? Infinity, next.more];
  }
  expect(read).toEqual(samples);
});

test('begins after the instant that was asked for', async () => {
  expect(await chunk(timeOf(496), 10)).toEqual({ samples: samples.slice(497), more: false });
});

test('says that there is more only where there is', async () => {
  expect([(await chunk(timeOf(297), 202)).more, (await chunk(timeOf(297), 201)).more]).toEqual([false, true]);
});

test('leaves out what a crash cut short, and a line that is no sample', async () => {
  appendFileSync(file, `{"atMonoMs":1,"atEpochMs":${timeOf(499) + 1}}\nnonsense\n{"atMonoMs":12,"atEp`);
  expect(await chunk(timeOf(498), 10)).toEqual({ samples: samples.slice(499), more: false });
});

test('of a migration that never sent anything is empty', async () => {
  rmSync(file);
  expect(await chunk(0, 10)).toEqual({ samples: [], more: false });
});
