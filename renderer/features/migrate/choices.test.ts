import { expect, test } from 'vitest';
import { row, summary } from '#renderer/testing/migrations.ts';
import { guest, host, hostOn } from '#renderer/testing/hosts.ts';
import { destinationChoices, guestChoices, nameForRequest, pickDestination, pickGuest } from './choices.ts';

const db = guest('db', 'hv-03');

function withoutMonitor(name: string, hostId: string): ReturnType<typeof guest> {
  const { monitorPath: _none, ...rest } = guest(name, hostId);
  return rest;
}

test('a guest that cannot be moved shows why; a QEMU that waits is no guest', () => {
  const moving = row('20261122T120250Z-7f3a', { open: true, summary: summary({ guest: 'db', source: 'hv-03' }) });
  const choices = guestChoices(
    [db, guest('db', 'hv-04'), withoutMonitor('win', 'hv-03'), guest('in', 'hv-07', { waiting: true })],
    [moving],
  );
  expect(choices.map(({ guest: { name, hostId }, impossible }) => [name, hostId, impossible])).toEqual([
    ['db', 'hv-03', 'Is being moved now (20261122T120250Z-7f3a).'],
    ['db', 'hv-04', undefined],
    ['win', 'hv-03', 'Has no QMP socket: start it with -qmp unix:PATH,server=on,wait=off'],
  ]);
});

test('a destination that cannot be chosen shows why; too little memory is a caution', () => {
  const { qemu: _none, ...bare } = host('hv-11');
  const hosts = [host('hv-03'), bare, host('hv-02', { memoryAvailableBytes: 2 ** 30 }), host('hv-07')];
  expect(destinationChoices(hosts, [], db).map(({ impossible, caution }) => [impossible, caution])).toEqual([
    ['The guest is here.', undefined],
    ['Has no QEMU that could be started.', undefined],
    [undefined, '1 GiB free: the guest needs 8 GiB'],
    [undefined, undefined],
  ]);
});

test('a QEMU that waits stands after its host, and is not suggested', () => {
  const waiting = guest('db', 'hv-07', { waiting: true });
  const choices = destinationChoices([host('hv-07')], [waiting], db);
  expect(choices.map((choice) => choice.waiting)).toEqual([undefined, waiting]);
  expect(pickDestination(choices, undefined, undefined)).toBe(choices[0]);
});

test('the guest moved last is suggested wherever it is now', () => {
  const choices = guestChoices([guest('web', 'hv-03'), guest('db', 'hv-07')], []);
  expect(pickGuest(choices, { guest: 'db', from: 'hv-03', to: 'hv-07' })?.guest.hostId).toBe('hv-07');
});

test('of two guests of that name, the one on the host that was named', () => {
  const choices = guestChoices([guest('db', 'hv-04'), guest('db', 'hv-03')], []);
  expect(pickGuest(choices, { guest: 'db', from: 'hv-03' })?.guest.hostId).toBe('hv-03');
});

test('where nothing is remembered, the first that can be moved', () => {
  const choices = guestChoices([withoutMonitor('win', 'hv-03'), db], []);
  expect(pickGuest(choices, undefined)?.guest).toBe(db);
});

test('it goes where it went last; when it is there, back to where it came from', () => {
  const hosts = [host('hv-03'), host('hv-04'), host('hv-07')];
  const wish = { guest: 'db', from: 'hv-03', to: 'hv-07' };
  const suggested = (at: string): string | undefined =>
    pickDestination(destinationChoices(hosts, [], guest('db', at)), wish, undefined)?.host.id;
  expect([suggested('hv-03'), suggested('hv-07')]).toEqual(['hv-07', 'hv-03']);
});

test.each([
  ['10.0.1.3', '10.0.9.4', '10.0.1.7'],
  ['fd00:1::3', 'fd00:9::4', 'fd00:1::7'],
])('else to a host on the same network: from %s rather not %s but %s', (from, far, near) => {
  const length = from.includes(':') ? 32 : 24;
  const source = hostOn('hv-03', from, length);
  const choices = destinationChoices([source, hostOn('hv-04', far, length), hostOn('hv-07', near, length)], [], db);
  expect(pickDestination(choices, undefined, source)?.host.id).toBe('hv-07');
});

test('a host with too little memory is suggested only where there is no other', () => {
  const small = host('hv-02', { memoryAvailableBytes: 1 });
  const suggested = (hosts: ReturnType<typeof host>[]): string | undefined =>
    pickDestination(destinationChoices(hosts, [], db), undefined, undefined)?.host.id;
  expect([suggested([small, host('hv-07')]), suggested([small])]).toEqual(['hv-07', 'hv-02']);
});

test('a guest is asked for by its process where its name would not do', () => {
  const twin = guest('db', 'hv-03', { identity: { ...db.identity, pid: 7 } });
  const numbered = guest('7', 'hv-03');
  expect([
    nameForRequest(db, [db]),
    nameForRequest(twin, [db, twin]),
    nameForRequest(db, [db, guest('db', 'hv-07')]),
    nameForRequest(numbered, [numbered, twin]),
  ]).toEqual(['db', '7', 'db', String(numbered.identity.pid)]);
});

test('a guest that is not handled, and one that waits under another user, say so', () => {
  const foreign = guest('db', 'hv-03', { obstacle: { text: 'It runs as user mallory.', remedy: '' } });
  const waiting = guest('twin', 'hv-07', { waiting: true, user: { uid: 1001 } });
  const [, choice] = destinationChoices([host('hv-07')], [waiting], guest('db', 'hv-03', { user: { uid: 0 } }));
  expect([guestChoices([foreign], [])[0]?.impossible, choice?.caution]).toEqual([
    'It runs as user mallory.',
    'Runs as another user than the guest.',
  ]);
});
