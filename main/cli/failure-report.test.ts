import { expect, test } from 'vitest';
import { invalidRequest } from '#contract/errors.ts';
import { reportFailure } from './failure-report.ts';
import { fakeConsole } from './testing/fakes.ts';

const request = invalidRequest('There is no host "a".', 'Hosts are: local.', 'host');

test('a failure is two sentences on stderr', () => {
  const console = fakeConsole();
  reportFailure(console, request, { json: false, environment: {} });
  expect([console.printed, console.logged]).toEqual([[], ['There is no host "a". Hosts are: local.']]);
});

test('a program gets it as a document', () => {
  const console = fakeConsole();
  reportFailure(console, request, { json: true, environment: {} });
  expect(console.printed.map((text) => JSON.parse(text))).toEqual([{ error: request.failure }]);
});

test('a fault of ours shows its stack only to who asks for it', () => {
  const [unasked, asked] = [fakeConsole(), fakeConsole()];
  const fault = new TypeError('a fault');
  reportFailure(unasked, fault, { json: false, environment: {} });
  reportFailure(asked, fault, { json: false, environment: { SWITCHYARD_DEBUG: '1' } });
  expect([unasked.logged.at(-1), asked.logged.at(-1)]).toEqual([
    'SWITCHYARD_DEBUG=1 shows where it happened.',
    fault.stack,
  ]);
});

test('text of others cannot drive the terminal', () => {
  const console = fakeConsole();
  reportFailure(console, invalidRequest('No guest \u001B[2J.', 'Look\nagain.'), { json: false, environment: {} });
  expect(console.logged).toEqual(['No guest \uFFFD[2J. Look again.']);
});
