import { expect, test } from 'vitest';
import { VirtualClock } from './simulation/virtual-clock.ts';
import { within } from './within.ts';

interface Work {
  readonly promise: Promise<string>;
  readonly resolve: (value: string) => void;
  readonly reject: (reason: unknown) => void;
}

/** Waits a second for work that ends after so long. */
async function waited(afterMs: number, end: (work: Work) => void): Promise<object> {
  const clock = new VirtualClock();
  const late: unknown[] = [];
  const work = Promise.withResolvers<string>();
  clock.after(afterMs, () => end(work));
  const answer = within(clock, 1000, work.promise, (thrown) => late.push(thrown));
  const outcome = await clock.until(answer.catch((thrown: unknown) => ({ thrown })));
  const atMs = clock.monoMs();
  await clock.pass(5000);
  return { outcome, atMs, late };
}

test('work in time is answered with its value', async () => {
  expect(await waited(300, ({ resolve }) => resolve('done'))).toEqual({
    outcome: { value: 'done' },
    atMs: 300,
    late: [],
  });
});

test('work that fails in time fails here, and is not handed on', async () => {
  expect(await waited(300, ({ reject }) => reject('no'))).toEqual({ outcome: { thrown: 'no' }, atMs: 300, late: [] });
});

test('work that takes longer is late, whatever comes of it', async () => {
  expect(await waited(3000, ({ resolve }) => resolve('done'))).toEqual({ outcome: 'late', atMs: 1000, late: [] });
});

test('its failure is handed on when it is no longer waited for', async () => {
  expect(await waited(3000, ({ reject }) => reject('no'))).toEqual({ outcome: 'late', atMs: 1000, late: ['no'] });
});
