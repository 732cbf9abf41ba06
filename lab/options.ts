import { invalidRequest } from '#contract/errors.ts';
import {
  formatBytes,
  parseBitsPerSecond,
  parseBytes,
  type BitsPerSecond,
  type Bytes,
  type PagesPerSecond,
} from '#contract/units.ts';
import { pageBytes, ticksPerSecond, walkFault, type WalkParameters } from './guest/image.ts';
import { defaultLabName, labNames, type LabNames, type LabSide } from './names.ts';

/** How fast the guest dirties its memory; `max` is as fast as its processor can. */
export type GuestPace = PagesPerSecond | 'max';

export interface LabOptions {
  readonly name?: string;
  /** One link per rate. Default: two of 500 Mbit/s. */
  readonly linkRatesBitsPerSecond?: readonly BitsPerSecond[];
  /** Default 512 MiB. The guest gets up to 16 KiB less: see `oddMemory`. */
  readonly guestMemoryBytes?: Bytes;
  /** Memory that the guest keeps writing to. Default: 400 MiB of 512, and in proportion. */
  readonly guestWalkBytes?: Bytes;
  /** Default: a tenth of the slowest link. */
  readonly guestPace?: GuestPace;
  /** `untouched` leaves MPTCP endpoints and limits as the kernel has them in a new namespace. Default `configured`. */
  readonly pathManager?: 'configured' | 'untouched';
  /** Hosts whose kernel refuses MPTCP (net.mptcp.enabled=0). Default: none. */
  readonly mptcpOff?: readonly LabSide[];
  /** Further arguments for the guest's QEMU: another device, a disk, a second monitor. Default: none. */
  readonly guestArguments?: readonly string[];
}

/** The options as a command line has them. */
export interface LabOptionTexts {
  readonly name?: string;
  /** `500mbit,500mbit` */
  readonly links?: string;
  /** `512MiB` */
  readonly guestMemory?: string;
  /** `400MiB` */
  readonly guestWalk?: string;
  /** `max`, pages per second (`1500`), or the rate at which memory is dirtied (`50mbit`). */
  readonly guestPace?: string;
}

/** What a lab will be, every default filled in and every size checked. */
export interface LabPlan {
  readonly names: LabNames;
  readonly linkRatesBitsPerSecond: readonly BitsPerSecond[];
  readonly guestMemoryBytes: Bytes;
  readonly walk: WalkParameters;
  readonly pathManager: 'configured' | 'untouched';
  readonly mptcpOff: readonly LabSide[];
  readonly guestArguments: readonly string[];
}

const mebibyte = 2 ** 20;
const walkStart = mebibyte;
const smallestGuest = 16 * mebibyte;
/** The BIOS keeps its tables at the top of memory. */
const reservedAtTop = mebibyte;
/** One signal endpoint for each link but the first, and the kernel's path manager takes 8 (MPTCP_PM_ADDR_MAX). */
const mostLinks = 8;

/** Reads a command line's options; says which one is wrong and how it is written. */
export function parseLabOptions(texts: LabOptionTexts): LabOptions {
  const { name, links, guestMemory, guestWalk, guestPace } = texts;
  return {
    ...(name !== undefined && { name }),
    ...(links !== undefined && { linkRatesBitsPerSecond: links.split(',').map((rate) => readRate(rate, 'links')) }),
    ...(guestMemory !== undefined && { guestMemoryBytes: readBytes(guestMemory, 'guest-memory') }),
    ...(guestWalk !== undefined && { guestWalkBytes: readBytes(guestWalk, 'guest-walk') }),
    ...(guestPace !== undefined && { guestPace: readPace(guestPace) }),
  };
}

function readRate(text: string, option: string): BitsPerSecond {
  const rate = parseBitsPerSecond(text);
  if (rate !== undefined && rate > 0) return rate;
  throw invalidRequest(`"${text}" is not a rate.`, 'Write rates as tc does: 500mbit, 1gbit, 2.5gbit.', option);
}

function readBytes(text: string, option: string): Bytes {
  const bytes = parseBytes(text);
  if (bytes !== undefined && bytes > 0) return bytes;
  throw invalidRequest(`"${text}" is not a size.`, 'Write sizes as 512MiB or 2GiB.', option);
}

function readPace(text: string): GuestPace {
  if (text === 'max') return 'max';
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text);
  const rate = parseBitsPerSecond(text);
  if (rate !== undefined && rate > 0) return pagesPerSecond(rate);
  throw invalidRequest(
    `"${text}" is not a pace.`,
    'Write `max`, pages per second (1500), or a rate of dirtied memory (50mbit).',
    'guest-pace',
  );
}

function pagesPerSecond(rate: BitsPerSecond): PagesPerSecond {
  return rate / 8 / pageBytes;
}

export function planLab(options: LabOptions): LabPlan {
  const rates = options.linkRatesBitsPerSecond ?? [500e6, 500e6];
  if (rates.length === 0 || rates.length > mostLinks) {
    throw invalidRequest(
      `A lab has 1 to ${mostLinks} links, not ${rates.length}.`,
      'Give one rate per link: 500mbit,500mbit.',
      'links',
    );
  }
  const memory = oddMemory(options.guestMemoryBytes ?? 512 * mebibyte);
  if (memory < smallestGuest - 16 * 1024) {
    throw invalidRequest(
      `A guest of ${formatBytes(memory)} is too small for its BIOS.`,
      `Give it ${formatBytes(smallestGuest)} or more.`,
      'guest-memory',
    );
  }
  const walkBytes = options.guestWalkBytes ?? defaultWalkBytes(memory);
  const walk = {
    startAddress: walkStart,
    endAddress: walkStart + walkBytes,
    pagesPerTick: pagesPerTick(options.guestPace ?? pagesPerSecond(Math.min(...rates)) / 10),
    heartbeatInterval: options.guestPace === 'max' ? restlessHeartbeat : 1,
  };
  const fault = walk.endAddress > memory - reservedAtTop ? 'the walk does not fit into the guest' : walkFault(walk);
  if (fault !== undefined) {
    throw invalidRequest(
      `A guest of ${formatBytes(memory)} cannot walk ${formatBytes(walkBytes)} of it: ${fault}.`,
      'Leave at least 2 MiB of the guest outside the walk, and make it whole pages of 4 KiB.',
      'guest-walk',
    );
  }
  return {
    names: labNames(options.name ?? defaultLabName),
    linkRatesBitsPerSecond: rates,
    guestMemoryBytes: memory,
    walk,
    pathManager: options.pathManager ?? 'configured',
    mptcpOff: options.mptcpOff ?? [],
    guestArguments: options.guestArguments ?? [],
  };
}

/** 400 MiB of 512, in proportion, as far as one walk can reach. */
function defaultWalkBytes(memory: Bytes): Bytes {
  const mebibytes = Math.ceil(memory / mebibyte);
  return Math.min(Math.floor((mebibytes * 25) / 32), 3071) * mebibyte;
}

/** Pages between two heartbeats of a guest that never sleeps: about a hundred per second under TCG. */
const restlessHeartbeat = 2 ** 14;

function pagesPerTick(pace: GuestPace): number {
  return pace === 'max' ? 0 : Math.max(1, Math.round(pace / ticksPerSecond));
}

/**
 * The largest size up to this one that QEMU takes as it is (8 KiB steps) and that is no multiple of 256 KiB: QEMU before
 * 9.0 under TCG loses guest writes during a migration of such a size ("physmem: Fix migration dirty bitmap coherency with
 * TCG memory access", 2024).
 */
export function oddMemory(bytes: Bytes): Bytes {
  const step = 8 * 1024;
  const aligned = Math.floor(bytes / step) * step;
  return aligned % (256 * 1024) === 0 ? aligned - step : aligned;
}
