import { expect, test } from 'vitest';
import { tarArchive } from './tar.ts';

const archive = tarArchive(
  [
    { name: 'a.txt', text: 'ä\n' },
    { name: 'folder/b.txt', text: 'x'.repeat(512) },
    { name: 'c.txt', text: '' },
  ],
  Date.UTC(2026, 10, 28),
);

/** A field of the header at this block, as `struct posix_header` has it. */
function field(block: number, offset: number, length: number): string {
  return archive
    .toString('latin1', block * 512 + offset, block * 512 + offset + length)
    .replaceAll('\0', '')
    .trim();
}

test('each file is a header and its bytes in whole blocks, and two empty blocks end the archive', () => {
  expect({
    names: [0, 2, 4].map((block) => field(block, 0, 100)),
    bytes: [0, 2, 4].map((block) => Number.parseInt(field(block, 124, 12), 8)),
    text: archive.toString('utf8', 512, 515),
    blocks: archive.length / 512,
    end: archive.subarray(5 * 512).every((byte) => byte === 0),
  }).toEqual({ names: ['a.txt', 'folder/b.txt', 'c.txt'], bytes: [3, 512, 0], text: 'ä\n', blocks: 7, end: true });
});

test('a header says its format, the mode, the time and its own sum', () => {
  const header = Buffer.from(archive.subarray(0, 512));
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  expect([field(0, 257, 8), field(0, 100, 8), field(0, 136, 12), field(0, 148, 8)].map(String)).toEqual([
    'ustar00',
    '0000600',
    (Date.UTC(2026, 10, 28) / 1000).toString(8).padStart(11, '0'),
    sum.toString(8).padStart(6, '0'),
  ]);
});
