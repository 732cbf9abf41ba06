import { expect, test } from 'vitest';
import { invalidRequest } from '#contract/errors.ts';
import { reportFailure } from './failure-report.ts';
import { fakeConsole, fakeIncidents } from './testing/fakes.ts';

const request = invalidRequest('There is no host "a".', 'Hosts are: local.', 'host');

function stage() {
  return { console: fakeConsole(), ...fakeIncidents() };
}

test('a failure is two sentences on stderr, and no incident', async () => {
  const { console, incidents, reported } = stage();
  await reportFailure({ console, incidents }, request, { json: false, environment: {} });
  expect([console.printed, console.logged, reported]).toEqual([[], ['There is no host "a". Hosts are: local.'], []]);
});

test('a program gets it as a document', async () => {
  const { console, incidents } = stage();
  await reportFailure({ console, incidents }, request, { json: true, environment: {} });
  expect(console.printed.map((text) => JSON.parse(text))).toEqual([{ error: request.failure }]);
});

test('a fault of ours is an incident of its migration, and the operator is given its id', async () => {
  const { console, incidents, reported } = stage();
  const fault = new TypeError('a fault');
  await reportFailure({ console, incidents }, fault, { json: false, migration: 'm', environment: {} });
  expect([reported, console.logged]).toEqual([
    [{ thrown: fault, migration: 'm' }],
    [expect.stringMatching(/^Switchyard hit a fault of its own \(i-1\): a fault\. Check .*`switchyard report i-1`/)],
  ]);
});

test('its stack is printed where the environment asks for it', async () => {
  const { console, incidents } = stage();
  const fault = new TypeError('a fault');
  await reportFailure({ console, incidents }, fault, { json: false, environment: { SWITCHYARD_DEBUG: '1' } });
  expect(console.logged.at(-1)).toBe(fault.stack);
});

test('a secret that a failure quotes is not printed', async () => {
  const { console, incidents } = stage();
  const quoting = invalidRequest('QEMU said: password=hunter22', 'Use https://ada:hunter22@h.');
  await reportFailure({ console, incidents }, quoting, { json: true, environment: { SWITCHYARD_DEBUG: '1' } });
  expect([...console.printed, ...console.logged].filter((text) => text.includes('hunter22'))).toEqual([]);
});

test('text of others cannot drive the terminal', async () => {
  const { console, incidents } = stage();
  const hostile = invalidRequest('No guest \u001B[2J.', 'Look\nagain.');
  await reportFailure({ console, incidents }, hostile, { json: false, environment: {} });
  expect(console.logged).toEqual(['No guest \\u001b[2J. Look again.']);
});
