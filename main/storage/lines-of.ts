import type { PlainFile } from './plain-file.ts';

const newline = 0x0a;
const chunkBytes = 256 * 1024;

/** Longer than anything that is written as one line of samples (64 connections with two subflows each). */
export const mostLineBytes = 2 ** 20;

/**
 * The lines of a file from this byte on, the last one also where it is not ended. No more than one line and one chunk are
 * in memory; a line that is longer than `mostLineBytes` comes as an empty one.
 */
export function* linesOf(file: PlainFile, fromByte = 0): Generator<string> {
  let parts: Buffer[] = [];
  let partBytes = 0;
  const take = (last: Buffer): string => {
    const tooLong = partBytes + last.byteLength > mostLineBytes;
    const line = tooLong ? '' : Buffer.concat([...parts, last]).toString('utf8');
    [parts, partBytes] = [[], 0];
    return line;
  };
  for (let at = fromByte; at < file.byteCount;) {
    const chunk = file.read(at, Math.min(chunkBytes, file.byteCount - at));
    // It has been cut short since it was opened.
    if (chunk.byteLength === 0) break;
    at += chunk.byteLength;
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      yield take(chunk.subarray(start, end));
      start = end + 1;
    }
    partBytes += chunk.byteLength - start;
    if (partBytes <= mostLineBytes) parts.push(chunk.subarray(start));
    else parts = [];
  }
  if (partBytes > 0) yield take(Buffer.alloc(0));
}
