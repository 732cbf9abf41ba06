import { maxJsonDepth } from './json.ts';

/**
 * The largest message we accept: 4 MiB, a third of a second to parse. The largest one QEMU 7.2 sends unasked is under 1 KiB; its
 * schema 207 KB. (libvirt accepts 10 MiB, and reads each monitor in a thread of its own.)
 */
export const defaultMaxFrameBytes = 4 * 2 ** 20;

/** What came is no sequence of JSON objects, or more of one than we are willing to hold. */
export type FrameViolation =
  | { readonly kind: 'garbage'; readonly excerpt: string }
  | { readonly kind: 'oversized'; readonly limitBytes: number }
  | { readonly kind: 'too-deep'; readonly limit: number };

export interface FrameBatch {
  /** The text of each object that is complete now, in order. */
  readonly frames: readonly string[];
  /** Set once and for good: nothing after it can be trusted, and further chunks are ignored. */
  readonly violation?: FrameViolation;
}

const byte = {
  tab: 0x09,
  lineFeed: 0x0a,
  carriageReturn: 0x0d,
  space: 0x20,
  quote: 0x22,
  openBracket: 0x5b,
  backslash: 0x5c,
  closeBracket: 0x5d,
  openBrace: 0x7b,
  closeBrace: 0x7d,
} as const;

/**
 * Cuts a byte stream into JSON objects by counting brackets outside strings, never by line ends. That reads QEMU's
 * CRLF-ended lines, its `-qmp-pretty` output over several lines, and objects that follow each other with nothing between,
 * however they are split over chunks; it bounds size and depth before the JSON parser sees anything; and it notices at
 * the first byte when the other end is no QMP server.
 */
export class FrameReader {
  readonly #maxBytes: number;
  /** Begins with the object that is not complete yet. Grows by doubling: a sender of single bytes costs what it sends. */
  #pending = Buffer.alloc(0);
  #pendingBytes = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #violation: FrameViolation | undefined;

  constructor(maxBytes: number = defaultMaxFrameBytes) {
    this.#maxBytes = maxBytes;
  }

  push(chunk: Uint8Array): FrameBatch {
    const frames: string[] = [];
    if (!this.#violation) this.#scan(chunk, frames);
    return this.#violation ? { frames, violation: this.#violation } : { frames };
  }

  #scan(chunk: Uint8Array, frames: string[]): void {
    let start = 0;
    let at = -1;
    for (const code of chunk) {
      at += 1;
      if (this.#violation) return;
      if (this.#inString) this.#stepInString(code);
      else if (this.#depth > 0) this.#stepInObject(code);
      else if (code === byte.openBrace) {
        start = at;
        this.#depth = 1;
        continue;
      } else {
        if (!isWhitespace(code)) this.#fail({ kind: 'garbage', excerpt: excerptOf(textOf(chunk.subarray(at))) });
        continue;
      }
      if (this.#depth === 0) this.#complete(chunk.subarray(start, at + 1), frames);
    }
    if (this.#depth > 0 && !this.#violation) this.#keep(chunk.subarray(start));
  }

  #stepInString(code: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (code === byte.backslash) this.#escaped = true;
    else if (code === byte.quote) this.#inString = false;
  }

  #stepInObject(code: number): void {
    if (code === byte.quote) this.#inString = true;
    else if (code === byte.closeBrace || code === byte.closeBracket) this.#depth -= 1;
    else if (code === byte.openBrace || code === byte.openBracket) {
      this.#depth += 1;
      if (this.#depth > maxJsonDepth) this.#fail({ kind: 'too-deep', limit: maxJsonDepth });
    }
  }

  #complete(lastPiece: Uint8Array, frames: string[]): void {
    this.#keep(lastPiece);
    if (!this.#violation) frames.push(this.#pending.toString('utf8', 0, this.#pendingBytes));
    this.#pending = Buffer.alloc(0);
    this.#pendingBytes = 0;
  }

  #keep(piece: Uint8Array): void {
    const bytes = this.#pendingBytes + piece.length;
    if (bytes > this.#maxBytes) return this.#fail({ kind: 'oversized', limitBytes: this.#maxBytes });
    if (bytes > this.#pending.length) {
      const larger = Buffer.alloc(Math.min(this.#maxBytes, Math.max(bytes, 2 * this.#pending.length)));
      this.#pending.copy(larger, 0, 0, this.#pendingBytes);
      this.#pending = larger;
    }
    this.#pending.set(piece, this.#pendingBytes);
    this.#pendingBytes = bytes;
  }

  #fail(violation: FrameViolation): void {
    this.#violation = violation;
    this.#pending = Buffer.alloc(0);
  }
}

function isWhitespace(code: number): boolean {
  return code === byte.lineFeed || code === byte.carriageReturn || code === byte.space || code === byte.tab;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, 200)).toString('latin1');
}

/** The beginning of what came instead, printable, for the operator to recognise it. */
export function excerptOf(text: string): string {
  return text
    .slice(0, 60)
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .trim();
}
