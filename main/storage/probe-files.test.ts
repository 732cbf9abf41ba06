import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { KeptProbes } from '#contract/probe.ts';
import {
  forgetProbe,
  keepProbes,
  notedProbes,
  noteProbe,
  probeKey,
  readKeptProbes,
  readProbeNote,
  type ProbeNote,
} from './probe-files.ts';
import { hostileFiles, replace } from './testing/hostile-files.ts';

let state = '';
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'switchyard-probes-'));
});
afterEach(() => {
  rmSync(state, { recursive: true });
});

const kept = (source = 'a', destination = '../b c'): KeptProbes => ({ version: 1, source, destination, pairs: [] });

const id = '20261122T120250Z-7f3a';
const lease = {
  migrationId: id,
  planned: [],
  before: { endpoints: [], limits: { subflows: 2, addAddrAccepted: 0 } },
  addresses: ['10.0.1.1'],
  touched: [],
};
const note: ProbeNote = {
  version: 1,
  source: { hostId: 'a', bootId: 'x', lease },
  destination: {
    hostId: 'b',
    bootId: 'x',
    lease: { ...lease, before: { endpoints: [], limits: undefined } },
  },
};
const key = probeKey('a', 'b');

const only = (): string => join(state, 'probes', readdirSync(join(state, 'probes'))[0] ?? '');

test('what was kept is read again, for these hosts in this direction', () => {
  keepProbes(state, kept());
  expect([readKeptProbes(state, 'a', '../b c'), readKeptProbes(state, '../b c', 'a')]).toEqual([kept(), undefined]);
});

test('hosts of any name have a file of their own, which others cannot read', () => {
  keepProbes(state, kept('x/../../y'));
  expect([readdirSync(join(state, 'probes')), statSync(only()).mode & 0o777]).toEqual([
    [expect.stringMatching(/^[0-9a-f]{32}\.json$/)],
    0o600,
  ]);
});

test('a note of what is set is found by its id until it is forgotten', () => {
  noteProbe(state, id, note);
  const found = [notedProbes(state), readProbeNote(state, id)];
  forgetProbe(state, id);
  expect([found, notedProbes(state), readProbeNote(state, id)]).toEqual([[[id], note], [], undefined]);
});

test('both directions have one key, other hosts another', () => {
  expect([probeKey('b', 'a') === key, probeKey('a', 'c') === key]).toEqual([true, false]);
});

test.each(hostileFiles)('%s in the place of the file is refused, and not waited for', async (_what, spoil) => {
  keepProbes(state, kept());
  await replace(only(), spoil);
  expect(() => readKeptProbes(state, 'a', '../b c')).toThrow(/could not be read|are not used/);
});

test.each([
  ['no JSON', '{', 'it is not JSON'],
  ['JSON of another kind', '{"version":2}', 'it is not what was written there'],
])('%s is refused with its reason', (_name, text, reason) => {
  keepProbes(state, kept());
  writeFileSync(only(), text);
  expect(() => readKeptProbes(state, 'a', '../b c')).toThrow(reason);
});

test('a result for other hosts under this name is not taken for theirs', () => {
  keepProbes(state, kept());
  writeFileSync(only(), JSON.stringify(kept('c')));
  expect(readKeptProbes(state, 'a', '../b c')).toBeUndefined();
});

test('where there is no folder nothing is noted', () => {
  expect([notedProbes(state), readProbeNote(state, id)]).toEqual([[], undefined]);
});

test('a path that is not a folder is reported', () => {
  writeFileSync(join(state, 'probes'), '');
  expect(() => notedProbes(state)).toThrow('could not be read');
});

test('a file that cannot be written is reported, and leaves no draft', () => {
  mkdirSync(join(state, 'probes'), { mode: 0o700 });
  keepProbes(state, kept());
  const path = only();
  rmSync(path);
  mkdirSync(path);
  expect(() => keepProbes(state, kept())).toThrow('could not be written');
});
