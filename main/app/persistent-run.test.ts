import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import type { JournalEntry, JournalEvent } from '#contract/migration.ts';
import { ok } from '#contract/result.ts';
import type { Clock } from '#main/engine/ports.ts';
import type { Ending, RunListener } from '#main/engine/run.ts';
import { initialState } from '#main/engine/state.ts';
import { exampleId, exampleEvents, examplePlan, journalOf, sampleAt } from '#main/export/testing/example-migration.ts';
import { survive } from './escaped.ts';
import { PersistentRun, pausesMs, type Life } from './persistent-run.ts';

const state = initialState(examplePlan());
const ended = { kind: 'ended', outcome: 'done-on-destination', guest: 'destination' } as const satisfies JournalEvent;

/** A life that the test ends. */
class FakeLife implements Life {
  readonly asked: string[] = [];
  readonly #listeners = new Set<RunListener>();
  readonly #ending = Promise.withResolvers<Ending>();
  readonly ask: Life['ask'] = ({ command }) => {
    this.asked.push(command);
    return Promise.resolve(ok(undefined));
  };
  readonly run = (): Promise<Ending> => this.#ending.promise;
  readonly fail = (thrown: unknown): void => this.#ending.reject(thrown);
  readonly detach = (): void => this.#ending.resolve({ kind: 'detached' });
  readonly end = (): void => this.#ending.resolve(ended);
  readonly subscribe = (listener: RunListener): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  lose(): void {
    const failure = { kind: 'cancelled', text: 'The disk is full.', remedy: 'Make room.' } as const;
    for (const listener of this.#listeners) {
      listener.onSample?.(sampleAt(1, 1), state);
      listener.onJournalLost?.(failure);
    }
  }

  write(entry: JournalEntry): void {
    for (const listener of this.#listeners) listener.onEntry?.(entry, state);
  }
}

/** Time passes only where something sleeps. */
class SleepingClock implements Clock {
  readonly slept: number[] = [];
  now = 0;
  readonly monoMs = (): number => this.now;
  readonly epochMs = (): number => this.now;
  readonly sleep = (ms: number): Promise<void> => {
    this.slept.push(ms);
    this.now += ms;
    return Promise.resolve();
  };
}

function persistent({ lives = Infinity, clock = new SleepingClock() } = {}) {
  const born: FakeLife[] = [new FakeLife()];
  const reported: unknown[] = [];
  const told: unknown[] = [];
  const [first = new FakeLife()] = born;
  const run = new PersistentRun({
    id: exampleId,
    first,
    clock,
    report: (thrown) => `i-${reported.push(thrown)}`,
    attachAgain: () => {
      if (born.length >= lives) return Promise.resolve(undefined);
      const life = new FakeLife();
      born.push(life);
      return Promise.resolve(life);
    },
  });
  run.subscribe({ onEntry: ({ sequence }) => told.push(sequence), onFault: (fault) => told.push(fault) });
  const life = (index: number): FakeLife => born[index] ?? first;
  return { run, born, life, reported, told, clock };
}

const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const fault = new Error('a step that none has foreseen');

test('a run that ends, ends', async () => {
  const { run, life, reported } = persistent();
  const driving = run.drive();
  life(0).end();
  expect([await driving, reported]).toEqual([ended, []]);
});

test('a fault of ours is reported, and the migration taken up again after a moment', async () => {
  const { run, life, reported, told, clock } = persistent();
  const driving = run.drive();
  life(0).fail(fault);
  await settled();
  life(1).end();
  expect([await driving, reported, told, clock.slept]).toEqual([
    ended,
    [fault],
    [{ incidentId: 'i-1', againInMs: 50 }],
    [50],
  ]);
});

test('a fault that comes again and again is left to the operator, with its last incident', async () => {
  const { run, life, born, told, clock } = persistent();
  const driving = run.drive().catch((thrown: unknown) => thrown);
  for (let each = 0; each <= pausesMs.length; each += 1) {
    life(each).fail(fault);
    await settled();
  }
  expect([await driving, born.length, clock.slept, told.at(-1)]).toEqual([
    fault,
    1 + pausesMs.length,
    [...pausesMs],
    { incidentId: 'i-6', againInMs: undefined },
  ]);
});

test('a fault long after the last one has nothing to do with it', async () => {
  const { run, life, clock } = persistent();
  const driving = run.drive();
  for (let each = 0; each < 20; each += 1) {
    clock.now += 60_000;
    life(each).fail(fault);
    await settled();
  }
  life(20).end();
  expect([await driving, new Set(clock.slept)]).toEqual([ended, new Set([50])]);
});

test('taking it up may fail as well, and is tried again', async () => {
  const [first, second] = [new FakeLife(), new FakeLife()];
  let attempts = 0;
  const run = new PersistentRun({
    id: exampleId,
    first,
    clock: new SleepingClock(),
    report: () => 'i-1',
    attachAgain: () => ((attempts += 1) < 3 ? Promise.reject(fault) : Promise.resolve(second)),
  });
  const driving = run.drive();
  first.fail(fault);
  await settled();
  second.end();
  expect([await driving, attempts]).toEqual([ended, 3]);
});

test('what listens hears every life', async () => {
  const { run, life, told } = persistent();
  const driving = run.drive();
  const [one, two] = journalOf(...exampleEvents);
  if (one) life(0).write(one);
  life(0).fail(fault);
  await settled();
  if (two) life(1).write(two);
  life(1).end();
  await driving;
  expect(told).toEqual([0, { incidentId: 'i-1', againInMs: 50 }, 1]);
});

test('a listener that throws is reported, and the others hear all the same', async () => {
  const { run, life, told, reported } = persistent();
  const deaf = new PersistentRunListener();
  run.subscribe(deaf);
  const heard: number[] = [];
  run.subscribe({ onEntry: ({ sequence }) => heard.push(sequence) });
  for (const entry of journalOf(...exampleEvents).slice(0, 2)) life(0).write(entry);
  expect([told, heard, reported]).toEqual([
    [0, 1],
    [0, 1],
    [deaf.fault, deaf.fault],
  ]);
});

test('what is asked between two lives is refused with what to do, and reaches the next one', async () => {
  const clock = new SleepingClock();
  const woken = Promise.withResolvers<void>();
  const { run, life } = persistent({ clock: Object.assign(clock, { sleep: () => woken.promise }) });
  const driving = run.drive();
  life(0).fail(fault);
  await settled();
  const between = await run.ask({ command: 'cancel', by: 'ada' });
  woken.resolve();
  await settled();
  const after = await run.ask({ command: 'cancel', by: 'ada' });
  life(1).end();
  await driving;
  expect([between, after, life(1).asked]).toEqual([
    { ok: false, error: expect.objectContaining({ remedy: 'Try again in a few seconds.' }) },
    { ok: true },
    ['cancel'],
  ]);
});

test('what is let go of between two lives is not taken up again', async () => {
  const clock = new SleepingClock();
  const { run, life, born } = persistent({
    clock: Object.assign(clock, { sleep: () => (run.detach(), Promise.resolve()) }),
  });
  const driving = run.drive();
  life(0).fail(fault);
  expect([await driving, born.length]).toEqual([{ kind: 'detached' }, 1]);
});

test('a fault on the way out of a migration that has ended changes nothing', async () => {
  const { run, life, born } = persistent();
  const driving = run.drive();
  for (const entry of journalOf(ended)) life(0).write(entry);
  life(0).fail(fault);
  expect([await driving, born.length]).toEqual([ended, 1]);
});

test('samples and a lost journal reach what listens, until it listens no more', () => {
  const { run, life } = persistent();
  const heard: unknown[] = [];
  const undo = run.subscribe({
    onSample: ({ atMonoMs }) => heard.push(atMonoMs),
    onJournalLost: ({ text }) => heard.push(text),
  });
  life(0).lose();
  undo();
  life(0).lose();
  expect(heard).toEqual([sampleAt(1, 1).atMonoMs, 'The disk is full.']);
});

test('one that is let go of while it runs has ended, and stays so', async () => {
  const { run, born } = persistent();
  const driving = run.drive();
  run.detach();
  expect([await driving, born.length]).toEqual([{ kind: 'detached' }, 1]);
});

test('a fault of one that was let go of is reported, and that is all', async () => {
  const { run, life, reported, born } = persistent();
  const driving = run.drive();
  Object.assign(life(0), { detach: () => life(0).fail(fault) });
  run.detach();
  expect([await driving, reported, born.length]).toEqual([{ kind: 'detached' }, [fault], 1]);
});

test('one that is let go of while it is being taken up is let go of at once', async () => {
  const first = new FakeLife();
  const next = new FakeLife();
  const taking = Promise.withResolvers<Life>();
  const options = { id: exampleId, first, clock: new SleepingClock(), report: () => 'i-1' };
  const run = new PersistentRun({ ...options, attachAgain: () => taking.promise });
  const driving = run.drive();
  first.fail(fault);
  await settled();
  run.detach();
  taking.resolve(next);
  expect(await driving).toEqual({ kind: 'detached' });
});

test('one of which nothing is left to do is not taken up', async () => {
  const { run, life } = persistent({ lives: 1 });
  const driving = run.drive();
  for (const entry of journalOf({ ...ended, outcome: 'stopped-on-source' })) life(0).write(entry);
  life(0).fail(fault);
  expect(await driving).toMatchObject({ outcome: 'stopped-on-source' });
});

test('one of which nothing is left to do, and nothing is known, has been let go of', async () => {
  const { run, life } = persistent({ lives: 1 });
  const driving = run.drive();
  life(0).fail(fault);
  expect(await driving).toEqual({ kind: 'detached' });
});

test('its faults are reported where all others are', () => {
  const { run, reported } = persistent();
  expect([run.report(fault), reported]).toEqual(['i-1', [fault]]);
});

class PersistentRunListener implements RunListener {
  readonly fault = new Error('a listener');
  onEntry(): never {
    throw this.fault;
  }
}

test('an exception that escapes from the code of one life ends that life alone', async () => {
  const emitter = new EventEmitter();
  const undo = survive({ report: () => 'i-0', say: () => undefined }, emitter);
  const [first, second] = [new FakeLife(), new FakeLife()];
  const { run: runOn } = first;
  const escaping = (): Promise<Ending> => {
    setImmediate(() => emitter.emit('uncaughtException', fault));
    return runOn();
  };
  const reported: unknown[] = [];
  const run = new PersistentRun({
    id: exampleId,
    first: Object.assign(first, { run: escaping }),
    clock: new SleepingClock(),
    report: (thrown) => `i-${reported.push(thrown)}`,
    attachAgain: () => Promise.resolve(second),
  });
  second.end();
  expect([await run.drive(), reported]).toEqual([ended, [fault]]);
  undo();
});
