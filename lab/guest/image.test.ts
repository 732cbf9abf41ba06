import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { bootSector } from './boot-sector.ts';
import { bootSectorFor, layout, parametersOf, walkFault } from './image.ts';

const walks = fc
  .record({
    firstPage: fc.integer({ min: 256, max: 0xbfffe }),
    pages: fc.integer({ min: 1, max: 0xbffff }),
    pagesPerTick: fc.integer({ min: 0, max: 0xffff_ffff }),
    heartbeatInterval: fc.integer({ min: 1, max: 0xffff_ffff }),
  })
  .map(({ firstPage, pages, ...rest }) => ({
    startAddress: firstPage * 4096,
    endAddress: Math.min(firstPage + pages, 0xc0000) * 4096,
    ...rest,
  }));

test('the committed image is one boot sector', () => {
  expect([bootSector.byteLength, bootSector[510], bootSector[511]]).toEqual([512, 0x55, 0xaa]);
});

test('parameters that were patched in are read back', () => {
  fc.assert(
    fc.property(walks, (walk) => {
      expect(parametersOf(bootSectorFor(walk))).toEqual(walk);
    }),
  );
});

test('only the parameter block changes', () => {
  const patched = bootSectorFor({
    startAddress: 0x20_0000,
    endAddress: 0x30_0000,
    pagesPerTick: 7,
    heartbeatInterval: 3,
  });
  const changed = [...patched.keys()].filter((offset) => patched[offset] !== bootSector[offset]);
  expect(changed.every((offset) => offset >= layout.startOffset && offset < layout.heartbeatOffset + 4)).toBe(true);
});

test('memory that is not our guest has no parameters', () => {
  expect(parametersOf(new Uint8Array(512))).toBeUndefined();
});

test.each([
  [{ startAddress: 0x10_0800 }, /page border/],
  [{ startAddress: 0x8000 }, /1 MiB/],
  [{ endAddress: 0xd000_0000 }, /3 GiB/],
  [{ endAddress: 0x10_0000 }, /at least one page/],
  [{ pagesPerTick: 1.5 }, /pace/],
  [{ heartbeatInterval: 0 }, /heartbeat/],
])('a walk with %o is refused', (change, reason) => {
  const sound = { startAddress: 0x10_0000, endAddress: 0x20_0000, pagesPerTick: 1, heartbeatInterval: 1 };
  expect([walkFault(sound), walkFault({ ...sound, ...change })]).toEqual([undefined, expect.stringMatching(reason)]);
});
