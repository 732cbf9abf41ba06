import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameReader, type FrameBatch } from './frames.ts';

const message = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 });
const layout = fc.record({ message, indent: fc.constantFrom(0, 4), gap: fc.constantFrom('', '\n', '\r\n', ' \t\r\n') });

/** All that a reader makes of the chunks. */
function read(chunks: readonly Uint8Array[], reader = new FrameReader()): FrameBatch {
  const batches = chunks.map((chunk) => reader.push(chunk));
  const violation = batches.at(-1)?.violation;
  const frames = batches.flatMap((batch) => batch.frames);
  return violation ? { frames, violation } : { frames };
}

function split(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  return places.map((place, index) => bytes.subarray(places[index - 1] ?? 0, place));
}

test('any messages, in lines or not, pretty or not, in any chunks, are cut into the same messages', () => {
  fc.assert(
    fc.property(fc.array(layout), fc.array(fc.nat()), (layouts, cuts) => {
      const texts = layouts.map(({ message: value, indent }) => JSON.stringify(value, undefined, indent));
      const bytes = Buffer.from(texts.map((text, index) => text + (layouts[index]?.gap ?? '')).join(''));
      expect(read(split(bytes, cuts))).toStrictEqual({ frames: texts });
    }),
  );
});

test('any bytes at all are cut or refused, never thrown at', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (chunks) => {
      expect(read(chunks)).toHaveProperty('frames');
    }),
  );
});

test('any string of structural bytes ends in frames that are balanced', () => {
  const structural = fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', '\\', ' '), maxLength: 60 });
  fc.assert(
    fc.property(structural, (text) => {
      const { frames } = read([Buffer.from(text)]);
      expect(frames.every((frame) => frame.startsWith('{') && /[\]}]$/.test(frame))).toBe(true);
    }),
  );
});

test('brackets and quotes inside a string are text', () => {
  const text = '{"a":"}\\"]{[\\\\","b":[{}]}';
  expect(read([Buffer.from(text)])).toStrictEqual({ frames: [text] });
});

test('what is not JSON is noticed at its first byte, after the messages before it', () => {
  expect(read([Buffer.from('{"a":1}\r\nQEMU 7.2.22 monitor - type help\r\n')])).toStrictEqual({
    frames: ['{"a":1}'],
    violation: { kind: 'garbage', excerpt: 'QEMU 7.2.22 monitor - type help' },
  });
});

test('after a violation nothing more comes out', () => {
  const reader = new FrameReader();
  reader.push(Buffer.from('x'));
  expect(reader.push(Buffer.from('{"a":1}'))).toStrictEqual({
    frames: [],
    violation: { kind: 'garbage', excerpt: 'x' },
  });
});

test.each([
  ['in one chunk', [`{"a":"${'x'.repeat(100)}"}`]],
  ['in many', [`{"a":"`, 'x'.repeat(60), 'x'.repeat(60)]],
])('a message larger than the limit is refused, %s', (_how, texts) => {
  const chunks = texts.map((text) => Buffer.from(text));
  expect(read(chunks, new FrameReader(100))).toStrictEqual({
    frames: [],
    violation: { kind: 'oversized', limitBytes: 100 },
  });
});

test('a message of exactly the limit passes, and the limit counts from the beginning for the next', () => {
  const text = `{"a":"${'x'.repeat(92)}"}`;
  expect([text.length, read([Buffer.from(`${text}\r\n${text}`)], new FrameReader(100))]).toStrictEqual([
    100,
    { frames: [text, text] },
  ]);
});

test('a nesting deeper than the limit is refused before it is parsed', () => {
  expect(read([Buffer.from(`{"a":${'['.repeat(2000)}`)])).toStrictEqual({
    frames: [],
    violation: { kind: 'too-deep', limit: 1024 },
  });
});
