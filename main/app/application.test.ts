import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SwitchyardError } from '#contract/errors.ts';
import type { HostFacts } from '#contract/host.ts';
import type { HostMptcpChange } from '#contract/requests.ts';
import { factsOf } from '#main/engine/simulation/facts.ts';
import type { Host, Hosts } from '#main/hosts/host.ts';
import { fakeHost } from '#main/hosts/testing/fake-host.ts';
import { exampleId, examplePlan } from '#main/export/testing/example-migration.ts';
import { systemClock } from '#main/hosts/clock.ts';
import { createJournal } from '#main/storage/journal.ts';
import { migrationPaths } from '#main/storage/paths.ts';
import { Application } from './application.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sy-application-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function applicationOver(hosts: Hosts): Application {
  const environment = { SWITCHYARD_STATE_DIR: join(folder, 'state'), SWITCHYARD_RUNTIME_DIR: join(folder, 'runtime') };
  return new Application({ version: 'test', environment, hosts, report: () => 'no incident' });
}

function hostsOf(...hosts: readonly Host[]): Hosts {
  const find = (id: string): Host => hosts.find((host) => host.id === id) ?? fakeHost({ id });
  return { ids: () => hosts.map(({ id }) => id), find };
}

const unreachable = new SwitchyardError({ kind: 'unreachable', host: 'beta', text: 'No answer.', remedy: 'Wait.' });

describe('hosts of any kind', () => {
  test('are listed with what they say about themselves', async () => {
    const [alpha, beta] = [factsOf('alpha', '10.0.1.1'), factsOf('beta', '10.0.1.2')];
    const hosts = [alpha, beta].map((facts) => fakeHost({ id: facts.id, facts: () => Promise.resolve(facts) }));
    expect(await applicationOver(hostsOf(...hosts)).hosts()).toEqual([alpha, beta]);
  });

  test('are left out when they have gone while they were asked', async () => {
    const ids = ['beta'];
    const beta = fakeHost({
      id: 'beta',
      facts: () => {
        ids.pop();
        return Promise.reject(unreachable);
      },
    });
    expect(await applicationOver({ ids: () => [...ids], find: () => beta }).hosts()).toEqual([]);
  });

  test('are not left out for another reason', async () => {
    const beta = fakeHost({ id: 'beta', guests: () => Promise.reject(unreachable) });
    await expect(applicationOver(hostsOf(beta)).guests()).rejects.toBe(unreachable);
  });

  test('are changed, and shown as they are then', async () => {
    const change: HostMptcpChange = { kind: 'set-limits', limits: { subflows: 8, addAddrAccepted: 8 } };
    let facts: HostFacts = factsOf('alpha', '10.0.1.1');
    const alpha = fakeHost({
      id: 'alpha',
      facts: () => Promise.resolve(facts),
      changeMptcp: (asked) => {
        if (asked.kind === 'set-limits') facts = { ...facts, mptcp: { ...facts.mptcp, limits: asked.limits } };
        return Promise.resolve();
      },
    });
    expect((await applicationOver(hostsOf(alpha)).changeMptcp('alpha', change)).mptcp.limits).toEqual(change.limits);
  });
});

test('of an open migration whose lock is damaged nobody claims that no process manages it', async () => {
  const application = applicationOver(hostsOf());
  const state = join(folder, 'state');
  const journal = await createJournal(state, exampleId, systemClock);
  await journal.append({ kind: 'planned', plan: examplePlan() });
  await journal.close();
  const { lock } = migrationPaths(state, exampleId);
  mkdirSync(lock);
  const problem = `Whether a process manages ${exampleId} could not be found out: it is a directory, not a file (${lock}). Look at ${lock}: move it away, or put the file back as it was.`;
  expect(await application.history()).toMatchObject([{ open: true, managed: false, managerUnknown: true, problem }]);
});
