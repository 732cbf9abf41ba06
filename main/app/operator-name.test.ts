import { expect, test } from 'vitest';
import { operatorName } from './operator-name.ts';

test.each([
  [{ SUDO_USER: 'ada' }, 'ada'],
  [{ SUDO_USER: 'ada', SWITCHYARD_USER: 'grace' }, 'grace'],
  [{ SUDO_USER: '', SWITCHYARD_USER: 'grace' }, 'grace'],
])('with %j it is %s', (environment, name) => {
  expect(operatorName(environment)).toBe(name);
});

test('without any of them it is the user of the process', () => {
  expect(operatorName({})).not.toBe('');
});
