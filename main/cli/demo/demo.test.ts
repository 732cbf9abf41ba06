import { describe, expect, test } from 'vitest';
import { invalidRequest } from '#contract/errors.ts';
import type { Check } from '#contract/migration.ts';
import type { MigrationRequest } from '#contract/requests.ts';
import type { LabStatus } from '#lab/lab.ts';
import type { ApplicationPort, LabPort } from '#main/cli/context.ts';
import {
  exampleRecord,
  fakeMigration,
  fakeSurroundings,
  fakeView,
  type FakeSurroundings,
} from '#main/cli/testing/fakes.ts';
import { examplePlan } from '#main/export/testing/example-migration.ts';
import { runDemo, type DemoEnd } from './demo.ts';

/** A lab whose guest is where it was moved last, and an application that moves it; both keep what was asked. */
class Stage {
  readonly asked: string[] = [];
  readonly said: string[] = [];
  readonly surroundings: FakeSurroundings;
  taken: readonly string[] = [];
  refusals: readonly Check[] = [];
  outcome: 'done-on-destination' | 'safe-on-source' = 'done-on-destination';
  /** Called with each thing that is asked, before it is done. */
  onAsked: (what: string) => void = () => undefined;

  constructor() {
    this.surroundings = fakeSurroundings({ application: this.#application(), lab: this.#lab() });
  }

  run(): Promise<DemoEnd> {
    return runDemo(this.surroundings, { say: (text) => void this.said.push(text), view: fakeView });
  }

  #ask(what: string): void {
    this.asked.push(what);
    this.onAsked(what);
  }

  #lab(): Partial<LabPort> {
    return {
      labUp: async ({ name = 'lab' }) => {
        this.#ask(`up ${name}`);
        if (this.taken.includes(name)) throw invalidRequest(`A lab called "${name}" exists already.`, '', 'name');
        return statusOf(name);
      },
      labStatus: async (name) => statusOf(name),
      labVerify: async (name) => {
        this.#ask(`verify ${name}`);
        return { proven: true, value: 1, position: 1, steps: 7, guest: '', host: undefined, atEpochMs: 0 };
      },
      labDown: async (name) => {
        this.#ask(`down ${name}`);
        return { name, removed: [] };
      },
      findGuests: () => [],
      HeartbeatWatch: DeafWatch,
    };
  }

  #application(): Partial<ApplicationPort> {
    return {
      start: async ({ from, to, settings }: MigrationRequest) => {
        this.#ask(`move ${from} to ${to}, mptcp ${settings.mptcp}`);
        const plan = examplePlan();
        if (this.refusals.length > 0) return { kind: 'refused', plan, refusals: this.refusals };
        const migration = fakeMigration({ history: [] });
        migration.end(this.outcome);
        return { kind: 'started', plan, migration };
      },
      record: async () => ({ ...exampleRecord(), outcome: this.outcome }),
    };
  }
}

class DeafWatch {
  async add(): Promise<void> {}
  report() {
    return { longestGapMs: 0, longestGapEndedAtMonoMs: undefined, beats: 0, boots: [] };
  }
  async [Symbol.asyncDispose](): Promise<void> {}
}

function statusOf(name: string): LabStatus {
  const host = (id: string) => ({ id, namespace: id, addresses: [], mptcpEnabled: true });
  return {
    name,
    directory: '',
    hosts: [host(`${name}-source`), host(`${name}-destination`)],
    links: [],
    otherCopies: [],
  };
}

test('moves there by TCP and back by MPTCP, proves the memory after each, and leaves nothing', async () => {
  const stage = new Stage();
  const end = await stage.run();
  expect([end.kind, stage.asked]).toEqual([
    'compared',
    [
      'up demo',
      'move demo-source to demo-destination, mptcp off',
      'verify demo',
      'move demo-destination to demo-source, mptcp require',
      'verify demo',
      'down demo',
    ],
  ]);
});

test('says one line at each step', async () => {
  const stage = new Stage();
  await stage.run();
  expect(stage.said.map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
    'Making a lab:',
    'Lab demo: links',
    'Moving the guest',
    'Proving its memory,',
    'Moving it back',
    'Proving its memory,',
    'Removing the lab.',
  ]);
});

test('takes another name where a lab of that name is there already, and leaves that one alone', async () => {
  const stage = new Stage();
  stage.taken = ['demo', 'demo-2'];
  await stage.run();
  expect([stage.asked.slice(0, 3), stage.asked.filter((what) => what.startsWith('down'))]).toEqual([
    ['up demo', 'up demo-2', 'up demo-3'],
    ['down demo-3'],
  ]);
});

describe('removes the lab', () => {
  test('when preflight refuses', async () => {
    const stage = new Stage();
    stage.refusals = [{ id: 'mptcp-kernel', severity: 'error', passed: false, text: 'No MPTCP.' }];
    expect([await stage.run(), stage.asked.at(-1)]).toEqual([{ kind: 'refused', why: 'x No MPTCP.' }, 'down demo']);
  });

  test('when a move fails', async () => {
    const stage = new Stage();
    stage.outcome = 'safe-on-source';
    const end = await stage.run();
    expect([end.kind, stage.asked]).toEqual([
      'failed',
      ['up demo', 'move demo-source to demo-destination, mptcp off', 'down demo'],
    ]);
  });

  test('when something breaks', async () => {
    const stage = new Stage();
    stage.onAsked = (what) => {
      if (what.startsWith('verify')) throw new Error('a fault');
    };
    await expect(stage.run()).rejects.toThrow('a fault');
    expect(stage.asked.at(-1)).toBe('down demo');
  });

  test('again, when that failed', async () => {
    const stage = new Stage();
    stage.onAsked = (what) => {
      if (what === 'down demo' && stage.asked.filter((each) => each === what).length < 3)
        throw new Error('interrupted');
    };
    const end = await stage.run();
    expect([end.kind, stage.asked.slice(-3)]).toEqual(['compared', ['down demo', 'down demo', 'down demo']]);
  });

  test('but says so in the end', async () => {
    const stage = new Stage();
    stage.onAsked = (what) => {
      if (what === 'down demo') throw new Error('no rights');
    };
    await expect(stage.run()).rejects.toThrow('no rights');
    expect(stage.said.at(-1)).toBe('The lab could not be removed: type `switchyard lab down --name demo`.');
  });

  test.each(['up', 'move', 'verify'])('when the operator stops it at %s', async (step) => {
    const stage = new Stage();
    stage.onAsked = (what) => {
      if (what.startsWith(step)) stage.surroundings.signals.send('SIGINT');
    };
    const end = await stage.run();
    expect([end.kind, stage.asked.at(-1), stage.surroundings.signals.awaited()]).toEqual([
      'interrupted',
      'down demo',
      [],
    ]);
  });
});
