import { describe, expect, test } from 'vitest';
import type { Guest } from '#contract/host.ts';
import { meantBy, pickGuest } from './pick-guest.ts';

const ownUid = 1000;

function guest(name: string, pid: number, uid: number, more: Partial<Guest> = {}): Guest {
  const uuid = `00000000-0000-0000-0000-0000000000a${pid % 10}`;
  const identity = { uuid, pid, startTimeTicks: 1, bootId: 'b', uid };
  return { name, hostId: 'rack1', identity, argv: [], waiting: false, user: { uid }, ...more };
}

const obstacle = { text: 'It runs as user mallory.', remedy: 'Run Switchyard as root.' };

describe('a guest is meant', () => {
  const guests = [guest('web', 11, 0), guest('db', 12, ownUid), guest('mail', 13, 1001)];

  test.each([
    ['its name', 'web', [11]],
    ['its uuid in capitals', '00000000-0000-0000-0000-0000000000A2', [12]],
    ['its process', '13', [13]],
    ['nothing that is there', 'news', []],
  ])('by %s', (_what, name, pids) => {
    expect(meantBy(name, guests, ownUid).map(({ identity }) => identity.pid)).toEqual(pids);
  });
});

describe('another user', () => {
  test.each([
    ['the name of our guest', guest('web', 21, 1001)],
    ['its uuid', { ...guest('other', 22, 1001), identity: { ...guest('', 11, 0).identity, pid: 22 } }],
    ['its name, and is not handled', guest('web', 23, 1001, { obstacle })],
  ])('who takes %s does not make it ambiguous', (_what, forged) => {
    const own = guest('web', 11, 0);
    for (const name of ['web', own.identity.uuid]) {
      expect(meantBy(name, [forged, own], ownUid)).toEqual([own]);
    }
  });

  test('cannot take the number of our process as a name', () => {
    const own = guest('web', 11, 0);
    expect(meantBy('11', [guest('11', 21, 1001), own], ownUid)).toEqual([own]);
  });

  test('has guests of their own, which root moves by name', () => {
    const theirs = guest('mail', 13, 1001);
    expect(meantBy('mail', [theirs], 0)).toEqual([theirs]);
  });

  test('whose guest is not handled is named all the same, so that the check can say why', () => {
    const theirs = guest('mail', 13, 1001, { obstacle });
    expect(meantBy('mail', [theirs], ownUid)).toEqual([theirs]);
  });
});

test('two of one name are distinguished by their processes and users', () => {
  const guests = [guest('web', 11, 0), guest('web', 12, 0, { user: { uid: 0, name: 'root' } })];
  expect(() => pickGuest(guests, 'web', 'rack1')).toThrow(
    expect.objectContaining({
      failure: expect.objectContaining({
        text: 'rack1 has 2 guests called web.',
        remedy: 'Name it by its process: 11 (user 0), 12 (user root (0)).',
      }),
    }),
  );
});

test('one that waits for a migration is no guest that could be moved', () => {
  expect(() => pickGuest([guest('web', 11, 0, { waiting: true })], 'web', 'rack1')).toThrow('There is no guest web');
});
