import { once } from 'node:events';
import { expect, test } from 'vitest';
import { EventHub } from './event-hub.ts';

test('a listener hears its own event, with its data and its time', () => {
  const hub = new EventHub();
  const heard: unknown[] = [];
  hub.on('MIGRATION_PASS', (event) => heard.push(event));
  hub.tell({ name: 'MIGRATION', data: { status: 'active' } });
  hub.tell({ name: 'MIGRATION_PASS', data: { pass: 3, 'of-tomorrow': true }, atEpochMs: 5 });
  expect(heard).toEqual([{ name: 'MIGRATION_PASS', data: { pass: 3 }, atEpochMs: 5 }]);
});

test('the same function may listen twice and leave once', () => {
  const hub = new EventHub();
  let heard = 0;
  const listener = (): void => void (heard += 1);
  const leave = hub.onAny(listener);
  hub.onAny(listener);
  leave();
  leave();
  hub.tell({ name: 'STOP', data: {} });
  expect(heard).toBe(1);
});

test('a listener that throws is heard of, and the next one still hears', async () => {
  const hub = new EventHub();
  const heard: string[] = [];
  hub.onAny(() => {
    throw new Error('a bug in the listener');
  });
  hub.onAny(({ name }) => heard.push(name));
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  const uncaught = once(process, 'uncaughtException');
  hub.tell({ name: 'STOP', data: {} });
  const [error] = await uncaught;
  for (const other of others) process.on('uncaughtException', other);
  expect([heard, error]).toEqual([['STOP'], new Error('a bug in the listener')]);
});
