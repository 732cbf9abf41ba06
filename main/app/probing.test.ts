import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { invalidRequest } from '#contract/errors.ts';
import type { Plan } from '#contract/migration.ts';
import { examplePlan } from '#main/export/testing/example-migration.ts';
import type { ProbeHost } from '#main/probe/ports.ts';
import { scriptedHosts, takenPort, type ScriptedPath } from '#main/probe/testing/scripted-hosts.ts';
import { lockProbe } from '#main/storage/lock.ts';
import { notedProbes, noteProbe, probeKey, type ProbeNote } from '#main/storage/probe-files.ts';
import { Prober, type ProbeRequest } from './probing.ts';

let state = '';
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'switchyard-prober-'));
});
afterEach(() => {
  rmSync(state, { recursive: true });
});

const owner = { pid: 4711, user: 'ada', sinceEpochMs: 0 };

/** A prober between two hosts with two paths that work, and a request for them. */
function stage(second: ScriptedPath = {}) {
  const hosts = scriptedHosts({}, second);
  const all: Record<string, ProbeHost> = { a: hosts.source, b: hosts.destination };
  const prober = new Prober({
    state,
    hostOf: (id) => {
      const host = all[id];
      if (!host) throw invalidRequest(`no ${id}`, 'none', 'host');
      return host;
    },
    clock: hosts.clock,
    owner: () => owner,
  });
  const plan: Plan = {
    ...examplePlan(),
    source: hosts.source.factsNow,
    destination: hosts.destination.factsNow,
    paths: hosts.paths,
  };
  const known = () => prober.known(hosts.paths, plan.source, plan.destination);
  const request = (changed: Partial<ProbeRequest> = {}): ProbeRequest => {
    return {
      wish: 'auto',
      plan,
      candidates: known(),
      routes: undefined,
      isReady: true,
      open: async () => [],
      ...changed,
    };
  };
  return { ...hosts, prober, plan, known, request };
}

test('hosts that are new to each other are probed once, and the result is known from then on', async () => {
  const { prober, request, known } = stage();
  const first = await prober.probe(request());
  const second = await prober.probe(request());
  expect([first.kind, second, known().map(({ probe }) => probe?.joined)]).toEqual([
    'probed',
    { kind: 'skipped' },
    [true, true],
  ]);
});

test('they are probed again where that is asked for, each path alone as well', async () => {
  const { prober, request, asked } = stage();
  await prober.probe(request());
  await prober.probe(request({ wish: 'always' }));
  expect(asked.filter((what) => what.startsWith('fill'))).toEqual([
    'fill all',
    'fill all',
    'fill 10.0.1.1',
    'fill 10.0.2.1',
  ]);
});

test.each<[string, Partial<ProbeRequest>]>([
  ['where that was forbidden', { wish: 'never' }],
  ['for a migration that cannot start', { isReady: false }],
  ['where there is no path', { candidates: [] }],
])('nothing is probed %s', async (_name, changed) => {
  const { prober, request, asked } = stage();
  expect([await prober.probe(request(changed)), asked]).toEqual([{ kind: 'skipped' }, []]);
});

test.each(['auto', 'always'] as const)('a migration on one of the hosts is not disturbed, wish %s', async (wish) => {
  const { prober, request, plan, asked } = stage();
  const other = { ...plan, id: '20261122T120250Z-7f3a', destination: { ...plan.destination, id: 'c' } };
  const answer = await prober.probe(request({ wish, open: async () => [other] }));
  expect([answer, asked]).toEqual([
    { kind: 'skipped', why: expect.stringContaining('migration 20261122T120250Z-7f3a has not ended') },
    [],
  ]);
});

test('two processes do not probe the same hosts at a time', async () => {
  const { prober, request, asked } = stage();
  using other = lockProbe(state, probeKey('b', 'a'), { ...owner, migrationId: 'probe' });
  expect(other).toBeDefined();
  expect([await prober.probe(request({ wish: 'always' })), asked]).toEqual([
    { kind: 'skipped', why: expect.stringContaining('another process is probing') },
    [],
  ]);
});

test('where the port of the migration is taken, what another one does not answer says nothing of a path', async () => {
  const { prober, request, plan, known } = stage({ tcp: () => 'unanswered' });
  const listening = { ...plan, listener: { host: '0.0.0.0', port: takenPort } };
  const answer = await prober.probe(request({ plan: listening }));
  expect([answer, known().map(({ probe }) => probe?.reach)]).toEqual([
    { kind: 'skipped', why: expect.stringContaining(`Port ${takenPort} is taken on b`) },
    ['answered', undefined],
  ]);
});

test('a host that refuses is a reason not to probe, and a failure only where a probe was asked for', async () => {
  const { prober, request, plan } = stage();
  const gone = { ...plan, source: { ...plan.source, id: 'gone' } };
  const unasked = await prober.probe(request({ plan: gone }));
  await expect(prober.probe(request({ plan: gone, wish: 'always' }))).rejects.toThrow('no gone');
  expect(unasked).toEqual({ kind: 'skipped', why: 'Not probed: no gone' });
});

const id = '20261122T120250Z-7f3a';

const noted = (source: string, bootId = 'boot'): ProbeNote => {
  const before = { endpoints: [], limits: undefined };
  const lease = { migrationId: id, planned: [], before, addresses: [], touched: [] };
  return {
    version: 1,
    source: { hostId: source, bootId, lease },
    destination: { hostId: 'b', bootId: 'boot', lease },
  };
};

test('what a probe that was killed has set is put back by the next process, and forgotten', async () => {
  const { prober, asked } = stage();
  noteProbe(state, id, noted('a'));
  await prober.putBackLeftBehind();
  expect([asked, notedProbes(state)]).toEqual([['restore a', 'restore b'], []]);
});

test('a probe that is under way has nothing taken from it', async () => {
  const { prober, asked } = stage();
  noteProbe(state, id, noted('a'));
  using other = lockProbe(state, probeKey('a', 'b'), { ...owner, migrationId: 'probe' });
  expect(other).toBeDefined();
  await prober.putBackLeftBehind();
  expect([asked, notedProbes(state).length]).toEqual([[], 1]);
});

test.each([
  ['has gone', noted('gone')],
  ['has been booted since', noted('a', 'earlier')],
])('of a host that %s nothing is put back', async (_name, note) => {
  const { prober, asked } = stage();
  noteProbe(state, id, note);
  await prober.putBackLeftBehind();
  expect([asked, notedProbes(state)]).toEqual([['restore b'], []]);
});
