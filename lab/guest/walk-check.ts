import { layout, pageBytes, walkBytes, type WalkParameters } from './image.ts';

/** What a stopped guest's memory held: one entry of each list per walked page, in address order. */
export interface WalkSnapshot {
  readonly walk: WalkParameters;
  readonly firstBytes: Uint8Array;
  readonly markers: Uint32Array;
  /** Pages stepped since boot, by the guest's own count. */
  readonly steps: number;
}

export type WalkProof =
  | {
      readonly proven: true;
      /** What the pages already visited in this walk hold. */
      readonly value: number;
      /** Pages already visited in this walk; the walk's length when it has just ended. */
      readonly position: number;
      /** Pages stepped since boot: never smaller in a later proof of the same guest. */
      readonly steps: number;
    }
  | {
      readonly proven: false;
      readonly reason: string;
      /** Index of the first page that contradicts, counted from the walk's start. */
      readonly page: number;
      /** Its guest-physical address. */
      readonly address: number;
    };

/**
 * Proves that every page holds exactly the guest's last write to it.
 *
 * The guest adds 1 to the first byte of each page, upwards and for ever. So at any stop the bytes are v for a prefix and
 * v - 1 (mod 256) for the rest, and the guest's own count of steps says which v and how long a prefix: a page that was
 * lost, is stale, was written twice or landed elsewhere contradicts one of the two or its marker. The count is written
 * after the byte, so it may lag by one.
 */
export function checkWalk({ walk, firstBytes, markers, steps }: WalkSnapshot): WalkProof {
  const pages = walkBytes(walk) / pageBytes;
  const wrong = (page: number, reason: string): WalkProof => ({
    proven: false,
    reason,
    page,
    address: walk.startAddress + page * pageBytes,
  });

  if (firstBytes.length !== pages || markers.length !== pages) {
    return wrong(Math.min(firstBytes.length, markers.length), `${firstBytes.length} of ${pages} pages were read`);
  }

  for (let page = 0; page < pages; page++) {
    const [expected, found] = [walk.startAddress + page * pageBytes, markers[page] ?? 0];
    if (found === expected) continue;
    return wrong(
      page,
      found === 0 ? 'the page was never written' : `the page holds the marker of ${hexadecimal(found)}`,
    );
  }

  const value = firstBytes[0] ?? 0;
  const before = (value + 255) % 256;
  const step = firstBytes.findIndex((byte) => byte !== value);
  const position = step === -1 ? pages : step;
  for (let page = position; page < pages; page++) {
    const found = firstBytes[page] ?? 0;
    if (found === before) continue;
    const allowed = page === position ? `${value} or ${before}` : `${before}`;
    return wrong(page, `the page holds ${found} where only ${allowed} can be`);
  }

  const counted = countedSteps(value, position, pages, steps);
  if (counted === undefined) {
    return wrong(
      position % pages,
      `the pages say ${position} of ${pages} with value ${value}, the guest counted ${steps} steps`,
    );
  }
  return { proven: true, value, position, steps: counted };
}

/** The number of steps that the pages show, which must be the guest's count or one more. */
function countedSteps(value: number, position: number, pages: number, steps: number): number | undefined {
  return [steps, steps + 1].find((candidate) => {
    const [walks, inWalk] = [Math.floor(candidate / pages), candidate % pages];
    // A walk that has just ended reads as one whole prefix.
    const [visited, completed] = inWalk === 0 ? [pages, walks] : [inWalk, walks + 1];
    return visited === position && completed % 256 === value;
  });
}

function hexadecimal(address: number): string {
  return `0x${address.toString(16)}`;
}

/** Picks first bytes and markers out of raw guest memory that begins at a page border; `into` is filled from `firstPage` on. */
export function collectPages(
  memory: Uint8Array,
  into: Pick<WalkSnapshot, 'firstBytes' | 'markers'>,
  firstPage: number,
): void {
  const view = new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
  for (let page = 0; page * pageBytes < memory.byteLength; page++) {
    into.firstBytes[firstPage + page] = view.getUint8(page * pageBytes);
    into.markers[firstPage + page] = view.getUint32(page * pageBytes + layout.markerOffset, true);
  }
}
