import type { Bytes, PagesPerSecond } from '#contract/units.ts';
import { bootSector } from './boot-sector.ts';

export const pageBytes = 4096;
/** The guest's timer: 1193182 Hz / 11932. */
export const ticksPerSecond = 100;

/** Where boot-sector.s keeps what others need to know. Physical addresses of the guest, and offsets in its 512 bytes. */
export const layout = {
  loadedAt: 0x7c00,
  magicOffset: 0x1e0,
  magic: 'SYLABv01',
  startOffset: 0x1e8,
  endOffset: 0x1ec,
  pagesPerTickOffset: 0x1f0,
  heartbeatOffset: 0x1f4,
  /** u64: pages stepped since boot. u32 after it: timer ticks since boot. */
  stepsAddress: 0x8000,
  ticksAddress: 0x8008,
  /** Offset inside each walked page of the page's own address, a u32. */
  markerOffset: 8,
} as const;

/** The parameters of the boot sector: where it walks, how fast, and how often it sends a heartbeat. */
export interface WalkParameters {
  /** First address walked. A multiple of 4096, at least 1 MiB: what lies below belongs to the BIOS and to the guest's own state. */
  readonly startAddress: number;
  /** First address not walked any more. A multiple of 4096, below 3 GiB (what the PC machine keeps under 4 GiB). */
  readonly endAddress: number;
  /** Pages stepped per tick of the 100 Hz timer, the processor asleep in between; 0: never asleep. */
  readonly pagesPerTick: number;
  /** Ticks from one `B` on the serial port to the next; pages, when it never sleeps. */
  readonly heartbeatInterval: number;
}

const lowestStart = 0x10_0000;
const highestEnd = 0xc000_0000;

/** Says in one sentence what the guest could not live with, or nothing. */
export function walkFault(walk: WalkParameters): string | undefined {
  const { startAddress, endAddress, pagesPerTick, heartbeatInterval } = walk;
  if (startAddress % pageBytes !== 0 || endAddress % pageBytes !== 0)
    return 'the walk must begin and end at a page border';
  if (startAddress < lowestStart) return 'the walk must begin at 1 MiB or above';
  if (endAddress > highestEnd) return 'the walk must end below 3 GiB';
  if (endAddress <= startAddress) return 'the walk must hold at least one page';
  if (!isCount(pagesPerTick, 0)) return 'the pace must be a whole number of pages per tick';
  if (!isCount(heartbeatInterval, 1)) return 'the heartbeat interval must be a whole number, at least 1';
  return undefined;
}

function isCount(value: number, atLeast: number): boolean {
  return Number.isInteger(value) && value >= atLeast && value <= 0xffff_ffff;
}

export function walkBytes(walk: WalkParameters): Bytes {
  return walk.endAddress - walk.startAddress;
}

/** How fast the guest dirties pages; `undefined` when it never sleeps (as fast as its processor can). */
export function walkPace(walk: WalkParameters): PagesPerSecond | undefined {
  return walk.pagesPerTick === 0 ? undefined : walk.pagesPerTick * ticksPerSecond;
}

/** The boot sector with these parameters in it. */
export function bootSectorFor(walk: WalkParameters): Uint8Array {
  const fault = walkFault(walk);
  if (fault !== undefined) throw new RangeError(fault);
  const patched = Uint8Array.from(bootSector);
  const view = new DataView(patched.buffer);
  view.setUint32(layout.startOffset, walk.startAddress, true);
  view.setUint32(layout.endOffset, walk.endAddress, true);
  view.setUint32(layout.pagesPerTickOffset, walk.pagesPerTick, true);
  view.setUint32(layout.heartbeatOffset, walk.heartbeatInterval, true);
  return patched;
}

/** Reads them back, from the image or from a running guest's memory at `layout.loadedAt`; `undefined` when it is not our guest. */
export function parametersOf(sector: Uint8Array): WalkParameters | undefined {
  if (sector.byteLength < 512) return undefined;
  const view = new DataView(sector.buffer, sector.byteOffset, sector.byteLength);
  const magic = String.fromCharCode(...sector.subarray(layout.magicOffset, layout.magicOffset + layout.magic.length));
  if (magic !== layout.magic) return undefined;
  const walk = {
    startAddress: view.getUint32(layout.startOffset, true),
    endAddress: view.getUint32(layout.endOffset, true),
    pagesPerTick: view.getUint32(layout.pagesPerTickOffset, true),
    heartbeatInterval: view.getUint32(layout.heartbeatOffset, true),
  };
  return walkFault(walk) === undefined ? walk : undefined;
}
