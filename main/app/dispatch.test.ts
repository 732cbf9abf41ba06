import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commandNames, commands, isCommandName } from '#contract/channels.ts';
import { failureSchema } from '#contract/errors.ts';
import { notARequest, type AnyAnswer } from './dispatch.ts';
import { FakeWindow, goodRequests, stage } from './testing/fake-application.ts';

const names = commandNames.filter(isCommandName);

/** Whether an answer is a refusal of the request itself, in the contract's terms and without a trace of our insides. */
function isRefusal(answer: AnyAnswer): boolean {
  return !answer.ok && answer.error.kind === 'invalid-request' && isFitToShow(answer);
}

function isFitToShow(answer: AnyAnswer): boolean {
  const stack = /\\n +at |node:|\.ts:\d/;
  return answer.ok || (failureSchema.safeParse(answer.error).success && !stack.test(JSON.stringify(answer)));
}

describe('answers', () => {
  test.each(names)('%s is answered in the shape that the contract promises, and no more than that', async (name) => {
    const { desk } = stage();
    const answer = await desk.dispatch(name, goodRequests[name], new FakeWindow());
    const value = answer.ok ? answer.value : undefined;
    // Those that need a process to manage the migration are refused on this stage.
    const shape = answer.ok ? commands[name].response.parse(value) : undefined;
    expect([shape, structuredClone(value), isFitToShow(answer)]).toEqual([value, value, true]);
  });

  test('a fault of ours becomes a failure with the id of its incident, which alone has the stack', async () => {
    const fault = new TypeError('oops');
    const { desk, logged, reported } = stage({ hosts: () => Promise.reject(fault) });
    const answer = await desk.dispatch('hosts.list', {}, new FakeWindow());
    expect([answer, reported, logged]).toEqual([
      {
        ok: false,
        error: {
          kind: 'internal',
          incidentId: 'i-1',
          text: 'Switchyard hit a fault of its own (i-1): oops.',
          remedy: expect.stringContaining('`switchyard report i-1`'),
        },
      },
      [fault],
      ['incident i-1: oops'],
    ]);
  });
});

describe('what no window of ours sends', () => {
  const anything = fc.oneof(
    fc.jsonValue(),
    fc.anything({ withBigInt: true, withMap: true, withSet: true, withDate: true }),
  );

  test('a command that does not exist is refused, whatever it is called', async () => {
    const { desk, acts } = stage();
    const inherited = fc.constantFrom('constructor', '__proto__', 'toString', 'hasOwnProperty', '');
    await fc.assert(
      fc.asyncProperty(fc.oneof(inherited, fc.string(), anything), anything, async (name, request) => {
        fc.pre(typeof name !== 'string' || !isCommandName(name));
        expect(isRefusal(await desk.dispatch(name, request, new FakeWindow()))).toBe(true);
      }),
    );
    expect(acts).toEqual([]);
  });

  test.each(names)(
    '%s with anything at all: refused or understood, and nothing happens that was not understood',
    (name) =>
      fc.assert(
        fc.asyncProperty(anything, async (request) => {
          const { desk, acts } = stage();
          const answer = await desk.dispatch(name, request, new FakeWindow());
          const understood = commands[name].request.safeParse(request).success;
          expect([isFitToShow(answer), understood || isRefusal(answer), understood || acts.length === 0]).toEqual([
            true,
            true,
            true,
          ]);
        }),
        { numRuns: 50 },
      ),
  );

  const requestful = names.filter((name) => Object.keys(Object(goodRequests[name])).length > 0);
  test.each(requestful)('%s with one thing changed about a good request', (name) =>
    fc.assert(
      fc.asyncProperty(mutated(goodRequests[name]), async (request) => {
        const { desk, acts } = stage();
        const answer = await desk.dispatch(name, request, new FakeWindow());
        const understood = commands[name].request.safeParse(request).success;
        expect([isFitToShow(answer), understood || (isRefusal(answer) && acts.length === 0)]).toEqual([true, true]);
      }),
      { numRuns: 100 },
    ),
  );

  test.each([
    ['a page of text', { id: 'x'.repeat(100_000) }],
    ['a million members', { accepted: Array.from({ length: 1_000_000 }, () => 0) }],
    ['members that cost nothing', { accepted: Array.from({ length: 100_000 }, () => []) }],
    ['a key as long as a book', { ['k'.repeat(100_000)]: 1 }],
    ['depth without end', deep(100_000)],
    ['itself', holdingItself()],
    ['a map', new Map([['id', 'x']])],
    ['a number too large for JSON', { id: 10n }],
    ['a class', { id: new Error('x') }],
    ['what it has inherited', Object.create({ id: 'x' })],
  ])('%s is refused without being looked into', async (_, request) => {
    const { desk, acts } = stage();
    const begunMs = performance.now();
    const answers = await Promise.all(names.map((name) => desk.dispatch(name, request, new FakeWindow())));
    expect([answers.every(isRefusal), acts, performance.now() - begunMs < 500]).toEqual([true, [], true]);
  });

  test('a prototype cannot be changed by a request', async () => {
    const { desk } = stage();
    const request: unknown = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
    await Promise.all(names.map((name) => desk.dispatch(name, request, new FakeWindow())));
    expect('polluted' in {}).toBe(false);
  });

  test('text that is no request at all has an answer too', () => {
    expect(isRefusal(notARequest())).toBe(true);
  });
});

describe('how often', () => {
  test('a window that asks without end is slowed, and no other one with it', async () => {
    const clock = { nowMs: 0 };
    const { dispatch } = stage({}, {}, () => clock.nowMs).desk;
    const [busy, other] = [new FakeWindow(), new FakeWindow()];
    const answers = [];
    for (let i = 0; i < 100; i += 1) answers.push(await dispatch('migration.list', {}, busy));
    const refused = answers.filter((answer) => !answer.ok && answer.error.kind === 'rejected').length;
    expect([refused, (await dispatch('migration.list', {}, other)).ok]).toEqual([80, true]);
  });

  test('what was spent comes back with time', async () => {
    const clock = { nowMs: 0 };
    const { dispatch } = stage({}, {}, () => clock.nowMs).desk;
    const window = new FakeWindow();
    const ask = async () => (await dispatch('lab.up', {}, window)).ok;
    const before = [await ask(), await ask(), await ask()];
    clock.nowMs = 2000;
    expect([before, await ask(), await ask()]).toEqual([[true, true, false], true, false]);
  });

  test('acknowledging every frame at sixty a second is within the limits', async () => {
    const clock = { nowMs: 0 };
    const { dispatch } = stage({}, {}, () => clock.nowMs).desk;
    const window = new FakeWindow();
    const answers = [];
    for (let frame = 1; frame <= 600; frame += 1) {
      clock.nowMs += 1000 / 60;
      answers.push((await dispatch('telemetry.acknowledge', { sequence: frame }, window)).ok);
    }
    expect(answers.every(Boolean)).toBe(true);
  });
});

/** The request with one member, at any depth, replaced, removed or added. */
function mutated(request: unknown): fc.Arbitrary<unknown> {
  const places = placesIn(request);
  const change = fc.oneof(fc.constant(undefined), fc.jsonValue(), fc.integer(), fc.string(), fc.constant(Number.NaN));
  return fc.tuple(fc.constantFrom(...places), change, fc.boolean()).map(([place, value, remove]) => {
    const copy: unknown = structuredClone(request);
    let target: unknown = copy;
    for (const key of place.slice(0, -1)) target = Reflect.get(Object(target), key);
    const key = place.at(-1) ?? '';
    if (remove) Reflect.deleteProperty(Object(target), key);
    else Reflect.set(Object(target), key, value);
    return copy;
  });
}

function placesIn(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = Object.entries(value).flatMap(([key, member]) => [[...path, key], ...placesIn(member, [...path, key])]);
  return [...own, [...path, 'a stranger']];
}

function deep(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

function holdingItself(): unknown {
  const value: Record<string, unknown> = { id: 'x' };
  value['again'] = value;
  return value;
}
