import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { caredFor, outliveReaders, survive, type EscapeOptions } from './escaped.ts';

const fault = new Error('this was not caught');

function watched(options: Partial<EscapeOptions> = {}) {
  const process = new EventEmitter();
  const seen: unknown[] = [];
  const undo = survive(
    {
      report: (thrown, context) => `i-${seen.push(['report', thrown, context])}`,
      say: (text) => seen.push(text),
      giveUp: () => seen.push('gave up'),
      ...options,
    },
    process,
  );
  return { process, seen, undo };
}

const careOf = (id: string, seen: unknown[]) => ({ id, onEscape: (thrown: unknown) => seen.push([id, thrown]) });

test.each(['uncaughtException', 'unhandledRejection'])('without a migration, %s ends the process', (name) => {
  const { process, seen } = watched();
  process.emit(name, fault);
  expect(seen).toEqual([['report', fault, {}], 'gave up']);
});

test('a process with windows continues without one', () => {
  const { process, seen } = watched({ giveUp: undefined });
  process.emit('uncaughtException', fault);
  expect(seen.slice(1)).toEqual(['Switchyard hit a fault of its own (incident i-1), and continues.']);
});

test('while a migration is managed, a fault elsewhere leaves it alone', async () => {
  const { process, seen } = watched();
  const done = Promise.withResolvers<void>();
  const caring = caredFor(careOf('m1', seen), () => done.promise);
  process.emit('uncaughtException', fault);
  done.resolve();
  await caring;
  expect(seen).toEqual([['report', fault, {}], 'Switchyard hit a fault of its own (incident i-1), and continues.']);
});

test('a fault in a timer of one of two migrations reaches that one', async () => {
  const { process, seen } = watched();
  const cared = (id: string, work: () => void): Promise<void> =>
    caredFor(
      careOf(id, seen),
      () =>
        new Promise((resolve) =>
          setImmediate(() => {
            work();
            resolve();
          }),
        ),
    );
  await Promise.all([cared('m1', () => undefined), cared('m2', () => process.emit('unhandledRejection', fault))]);
  expect(seen).toEqual([
    ['report', fault, { migration: 'm2' }],
    ['m2', fault],
  ]);
});

test('what a migration has left behind when it ended belongs to no migration any more', async () => {
  const { process, seen } = watched();
  const late = Promise.withResolvers<void>();
  await caredFor(careOf('m1', seen), () => {
    setImmediate(() => {
      process.emit('uncaughtException', fault);
      late.resolve();
    });
    return Promise.resolve();
  });
  await late.promise;
  expect(seen).toEqual([['report', fault, {}], 'gave up']);
});

test('the handlers go when they are taken away', () => {
  const { process, undo } = watched();
  undo();
  expect(process.eventNames()).toEqual([]);
});

test('a reader that has gone is no exception', () => {
  const stream = new EventEmitter();
  outliveReaders(stream);
  expect(stream.emit('error', new Error('EPIPE'))).toBe(true);
});
