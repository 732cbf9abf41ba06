import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { HeldLease } from '#contract/path-lease.ts';
import { hostileFiles } from '#main/storage/testing/hostile-files.ts';
import { LeaseBook } from './lease-book.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-leases-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const namespace = { label: 'net:[4026531840]', mark: 'this boot 7' };
const file = (): string => join(folder, 'net-4026531840.json');
const leaseOf = (migrationId: string, more: Partial<HeldLease> = {}): HeldLease => ({
  migrationId,
  planned: [{ kind: 'add-endpoint', endpoint: { address: '10.77.2.2', interface: 'b2', flags: ['signal'] } }],
  before: { endpoints: [], limits: { subflows: 2, addAddrAccepted: 0 } },
  addresses: ['10.77.1.2', '10.77.2.2'],
  touched: ['10.77.2.2'],
  withdrawn: { '10.77.2.2': 'kept' },
  released: false,
  ...more,
});
const one = leaseOf('20260101T000000Z-0001');
const other = leaseOf('20260101T000000Z-0002');

test('a lease is there for the next manager, whichever that is', async () => {
  await new LeaseBook(folder, namespace).hold((leases, keep) => Promise.resolve(keep([...leases, one])));
  await new LeaseBook(folder, namespace).hold((leases, keep) => Promise.resolve(keep([...leases, other])));
  expect([
    new LeaseBook(folder, namespace).read(),
    new LeaseBook(folder, { ...namespace, label: 'net:[1]' }).read(),
  ]).toEqual([[one, other], []]);
});

test('managers that come at one moment do their work one after the other', async () => {
  const order: string[] = [];
  const work = (name: string) =>
    new LeaseBook(folder, namespace).hold(async () => {
      order.push(`${name} begins`);
      await Promise.resolve();
      order.push(`${name} ends`);
    });
  await Promise.all([work('one'), work('other')]);
  expect(order).toEqual(['one begins', 'one ends', 'other begins', 'other ends']);
});

test('work that fails gives the lock back, and what it kept stays', async () => {
  const book = new LeaseBook(folder, namespace);
  const failing = book.hold((_, keep) => {
    keep([one]);
    return Promise.reject(new Error('refused'));
  });
  await expect(failing).rejects.toThrow('refused');
  expect(await book.hold((leases) => Promise.resolve(leases))).toEqual([one]);
});

test('with the last lease the file goes, and only the lock stays', async () => {
  const book = new LeaseBook(folder, namespace);
  await book.hold((_, keep) => Promise.resolve(keep([one])));
  await book.hold((_, keep) => Promise.resolve(keep([])));
  expect(readdirSync(folder)).toEqual(['net-4026531840.lock']);
});

test('a migration whose journal was removed holds nothing any more, and what it left is put back by the others', async () => {
  const journal = join(folder, 'journal.ndjson');
  writeFileSync(journal, '');
  const book = new LeaseBook(folder, namespace);
  await book.hold((_, keep) => Promise.resolve(keep([leaseOf(one.migrationId, { journal }), other])));
  const before = book.read();
  rmSync(journal);
  expect([before, book.read()].map((leases) => leases.map(({ released }) => released))).toEqual([
    [false, false],
    [true, false],
  ]);
});

test.for(hostileFiles)('%s in the place of the leases is none, and is not waited for', async ([, spoil]) => {
  await spoil(file());
  expect(new LeaseBook(folder, namespace).read()).toEqual([]);
});

test('a namespace that was given the number of one that is gone has lent nothing, and keeps its own', async () => {
  await new LeaseBook(folder, namespace).hold((_, keep) => Promise.resolve(keep([one])));
  const next = new LeaseBook(folder, { ...namespace, mark: 'this boot 8' });
  const found = next.read();
  await next.hold((leases, keep) => Promise.resolve(keep([...leases, other])));
  expect([found, next.read()]).toEqual([[], [other]]);
});

test('leases of another version, which cannot be read, are none', () => {
  writeFileSync(file(), '[{ "migrationId": 7 }]');
  expect(new LeaseBook(folder, namespace).read()).toEqual([]);
});
