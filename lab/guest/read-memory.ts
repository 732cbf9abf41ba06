import { open, rm } from 'node:fs/promises';
import type { QmpClient } from '#main/qmp/client.ts';
import { layout, pageBytes, parametersOf, walkBytes } from './image.ts';
import { collectPages, type WalkSnapshot } from './walk-check.ts';

const chunkBytes = 32 * 2 ** 20;

/**
 * Reads what the checker needs from a guest that stands still. QEMU writes the memory to `scratch`, a piece at a time;
 * the file is gone afterwards. `undefined` when the memory is not that of the lab's guest.
 */
export async function readWalk(qmp: QmpClient, scratch: string): Promise<WalkSnapshot | undefined> {
  const read = async (address: number, bytes: number): Promise<Buffer> => {
    await qmp.execute('pmemsave', { val: address, size: bytes, filename: scratch }, { timeoutMs: 60_000 });
    return readExactly(scratch, bytes);
  };
  try {
    const low = await read(layout.loadedAt, layout.ticksAddress + 4 - layout.loadedAt);
    const walk = parametersOf(low.subarray(0, 512));
    if (walk === undefined) return undefined;
    const pages = walkBytes(walk) / pageBytes;
    const found = { firstBytes: new Uint8Array(pages), markers: new Uint32Array(pages) };
    for (let offset = 0; offset < walkBytes(walk); offset += chunkBytes) {
      const memory = await read(walk.startAddress + offset, Math.min(chunkBytes, walkBytes(walk) - offset));
      collectPages(memory, found, offset / pageBytes);
    }
    return { walk, ...found, steps: Number(low.readBigUInt64LE(layout.stepsAddress - layout.loadedAt)) };
  } finally {
    await rm(scratch, { force: true });
  }
}

async function readExactly(path: string, bytes: number): Promise<Buffer> {
  await using file = await open(path, 'r');
  const buffer = Buffer.allocUnsafe(bytes);
  const { bytesRead } = await file.read(buffer, 0, bytes, 0);
  if (bytesRead !== bytes) throw new Error(`${path} holds ${bytesRead} of ${bytes} bytes of guest memory`);
  return buffer;
}
