import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { exampleSamples, sampleAt } from '#main/export/testing/example-migration.ts';
import { decodeSample, SampleFile, openSampleFile } from './sample-file.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'switchyard-samples-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** What each line holds; `undefined` for one that is no sample. */
const samplesIn = (path: string) => readFileSync(path, 'utf8').trimEnd().split('\n').map(decodeSample);

test('samples come back as they were taken', async () => {
  const path = join(directory, 'samples.ndjson');
  const file = openSampleFile(path);
  for (const sample of exampleSamples) file.add(sample);
  await file.close();
  expect(samplesIn(path)).toEqual(exampleSamples);
});

test('what a crash left of a line does not swallow the next sample', async () => {
  const path = join(directory, 'samples.ndjson');
  writeFileSync(path, '{"atMonoMs":12');
  const file = openSampleFile(path);
  file.add(sampleAt(0, 0));
  await file.close();
  expect(samplesIn(path)).toEqual([undefined, sampleAt(0, 0)]);
});

test('a migration without samples leaves no file, and closing it is nothing', async () => {
  const file = openSampleFile(join(directory, 'nowhere', 'samples.ndjson'));
  await file.close();
  expect(file.lostCount).toBe(0);
});

test('a place that cannot be written costs samples and nothing else', async () => {
  const file = openSampleFile(join(directory, 'nowhere', 'samples.ndjson'));
  for (const sample of exampleSamples) file.add(sample);
  await file.close();
  expect(file.lostCount).toBe(exampleSamples.length);
});

test('a disk that hangs costs samples, not memory', () => {
  vi.useFakeTimers();
  const file = new SampleFile(() => new Promise(() => undefined));
  const lineBytes = JSON.stringify(sampleAt(1, 1)).length + 1;
  for (let index = 0; index < 10_000; index += 1) {
    file.add(sampleAt(1, 1));
    vi.advanceTimersByTime(100);
  }
  vi.useRealTimers();
  expect(10_000 - file.lostCount).toBe(Math.floor((4 * 2 ** 20) / lineBytes));
});

test('a number that JSON does not have does not cost the sample', async () => {
  const path = join(directory, 'samples.ndjson');
  const file = openSampleFile(path);
  file.add(sampleAt(0, 0, { throughputBitsPerSecond: Number.POSITIVE_INFINITY }));
  await file.close();
  expect(samplesIn(path)).toEqual([sampleAt(0, 0, { throughputBitsPerSecond: 0 })]);
});

test.for([
  ['a link to a device', (path: string) => symlinkSync('/dev/full', path)],
  ['a directory', (path: string) => mkdirSync(path)],
] as const)('%s in its place costs samples and delays nothing', async ([, make]) => {
  const path = join(directory, 'samples.ndjson');
  make(path);
  const file = openSampleFile(path);
  file.add(sampleAt(0, 0));
  await file.close();
  expect(file.lostCount).toBe(1);
});
