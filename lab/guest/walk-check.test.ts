import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkWalk, collectPages, type WalkSnapshot } from './walk-check.ts';

const startAddress = 0x10_0000;

/** The memory of a guest that has made so many steps, computed the slow way: by making them. */
function guestAfter(steps: number, pages: number): WalkSnapshot {
  const firstBytes = new Uint8Array(pages);
  for (let step = 0; step < steps; step++) firstBytes[step % pages] = ((firstBytes[step % pages] ?? 0) + 1) % 256;
  return {
    walk: { startAddress, endAddress: startAddress + pages * 4096, pagesPerTick: 1, heartbeatInterval: 1 },
    firstBytes,
    markers: Uint32Array.from({ length: pages }, (_, page) => startAddress + page * 4096),
    steps,
  };
}

const guests = fc.record({ steps: fc.nat(20_000), pages: fc.integer({ min: 2, max: 64 }) });
const guestAndPage = guests.chain(({ steps, pages }) =>
  fc.record({ steps: fc.constant(steps), pages: fc.constant(pages), page: fc.nat(pages - 1) }),
);

function withByte(guest: WalkSnapshot, page: number, change: (byte: number) => number): WalkSnapshot {
  const firstBytes = Uint8Array.from(guest.firstBytes);
  firstBytes[page] = change(firstBytes[page] ?? 0);
  return { ...guest, firstBytes };
}

test('an exact copy is proven wherever the guest stopped', () => {
  fc.assert(
    fc.property(guests, ({ steps, pages }) => {
      expect(checkWalk(guestAfter(steps, pages))).toMatchObject({ proven: true, steps });
    }),
  );
});

test('a stop between the byte and the count is no fault', () => {
  fc.assert(
    fc.property(guests, ({ steps, pages }) => {
      const guest = guestAfter(steps + 1, pages);
      expect(checkWalk({ ...guest, steps })).toMatchObject({ proven: true, steps: steps + 1 });
    }),
  );
});

test('one page with any other value is caught', () => {
  fc.assert(
    fc.property(guestAndPage, fc.integer({ min: 1, max: 255 }), ({ steps, pages, page }, error) => {
      // One step more or less of the page at the walk's head is another lawful state: only the count shows it, by more than its lag of one.
      const guest = withByte(guestAfter(steps, pages), page, (byte) => (byte + error) % 256);
      fc.pre(!(error === 1 && page === steps % pages));
      expect(checkWalk(guest).proven).toBe(false);
    }),
  );
});

test('one page from before is caught', () => {
  fc.assert(
    fc.property(guestAndPage, fc.integer({ min: 1, max: 5_000 }), ({ steps, pages, page }, age) => {
      const now = guestAfter(steps + age, pages);
      const then = guestAfter(steps, pages).firstBytes[page] ?? 0;
      fc.pre(then !== now.firstBytes[page]);
      // A byte comes round after 256 walks: from 255 of them ago it is the head's next one, which the count's lag allows.
      fc.pre(!(then === ((now.firstBytes[page] ?? 0) + 1) % 256 && page === now.steps % pages));
      expect(checkWalk(withByte(now, page, () => then)).proven).toBe(false);
    }),
  );
});

test('a whole range from before, sound in itself, is caught by the count', () => {
  fc.assert(
    fc.property(guests, fc.integer({ min: 1, max: 250 }), ({ steps, pages }, age) => {
      expect(checkWalk({ ...guestAfter(steps, pages), steps: steps + age }).proven).toBe(false);
    }),
  );
});

test('two pages that changed places are caught', () => {
  fc.assert(
    fc.property(guestAndPage, fc.nat(), ({ steps, pages, page }, other) => {
      fc.pre(other % pages !== page);
      const guest = guestAfter(steps, pages);
      const markers = Uint32Array.from(guest.markers);
      [markers[page], markers[other % pages]] = [guest.markers[other % pages] ?? 0, guest.markers[page] ?? 0];
      expect(checkWalk({ ...guest, markers })).toMatchObject({ proven: false, page: Math.min(page, other % pages) });
    }),
  );
});

test('a page that never arrived is named', () => {
  const guest = guestAfter(300, 8);
  const markers = Uint32Array.from(guest.markers);
  markers[5] = 0;
  expect(checkWalk({ ...guest, markers })).toEqual({
    proven: false,
    reason: 'the page was never written',
    page: 5,
    address: 0x10_5000,
  });
});

test('a range that was read in part proves nothing', () => {
  const guest = guestAfter(300, 8);
  expect(checkWalk({ ...guest, firstBytes: guest.firstBytes.subarray(0, 7) })).toMatchObject({
    proven: false,
    page: 7,
  });
});

test('pages are collected from raw memory, chunk by chunk', () => {
  const into = { firstBytes: new Uint8Array(4), markers: new Uint32Array(4) };
  for (const firstPage of [0, 2]) {
    const memory = Buffer.alloc(2 * 4096);
    for (const page of [0, 1]) {
      memory.writeUInt8(10 + firstPage + page, page * 4096);
      memory.writeUInt32LE(0x1000 * (firstPage + page), page * 4096 + 8);
    }
    collectPages(memory, into, firstPage);
  }
  expect(into).toEqual({
    firstBytes: Uint8Array.of(10, 11, 12, 13),
    markers: Uint32Array.of(0, 0x1000, 0x2000, 0x3000),
  });
});
