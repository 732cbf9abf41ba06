import { expect, test } from 'vitest';
import { unlessSafetyFailed } from '#e2e/support/second-try.ts';
import { SafetyError } from './safety-error.ts';
import { brokenLaws, type Misfortune, type Verdict } from './seven-checks.ts';

type Judged = Omit<Verdict, 'again' | 'leftOver'>;

const sound: Judged = {
  twice: [],
  copies: ['destination: running'],
  contradictions: [],
  told: { outcome: 'done-on-destination', guest: 'destination' },
  memory: 'proven',
};

test.each<[string, Partial<Judged>, Misfortune, readonly string[]]>([
  ['a sound migration', {}, 'none', []],
  [
    'a copy that ran after another had',
    { twice: ['process 1 ran after process 2'] },
    'none',
    ['process 1 ran after process 2'],
  ],
  ['two running copies', { copies: ['source: running', 'destination: running'] }, 'none', ['2 copies run']],
  ['a paused copy beside a running one', { copies: ['source: postmigrate', 'destination: running'] }, 'none', []],
  [
    'memory that went back',
    { memory: "the guest's count went back from 3 to 2" },
    'none',
    ["the memory: the guest's count went back from 3 to 2"],
  ],
  ['a guest that starts over', { memory: "the guest's count went back from 3 to 2" }, 'the guest starts over', []],
  [
    'a journal that is wrong',
    { contradictions: ['source: the journal says gone'] },
    'none',
    ['source: the journal says gone'],
  ],
  [
    'a guest that is lost',
    { told: { outcome: 'lost', guest: 'nowhere' }, memory: 'gone' },
    'none',
    ['the guest was lost'],
  ],
  [
    'a guest that had to be lost',
    { told: { outcome: 'lost', guest: 'nowhere' }, memory: 'gone' },
    'the guest is lost',
    [],
  ],
  [
    'an outsider',
    { twice: ['process 1 ran'], copies: ['source: running', 'destination: running'] },
    'an outsider resumes a copy',
    [],
  ],
])('%s breaks the laws that it breaks', (_what, changes, misfortune, broken) => {
  expect(brokenLaws({ ...sound, ...changes }, misfortune)).toEqual(broken);
});

test('a broken law is not tried again', () => {
  expect(unlessSafetyFailed.test(new SafetyError(['2 copies run']).message)).toBe(false);
});
