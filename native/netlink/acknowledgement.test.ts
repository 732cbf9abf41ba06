import { expect, test } from 'vitest';
import { refusalIn } from './acknowledgement.ts';
import { encode } from './attributes.ts';
import type { NetlinkMessage } from './message.ts';
import { acknowledgement, done, type ScriptedMessage } from './scripted-transport.ts';

const words = encode.text(1, 'no such address');
const message = (scripted: ScriptedMessage): NetlinkMessage => ({ sequence: 1, ...scripted });
/** Only its first bytes have come. */
const cut = (scripted: ScriptedMessage, bytes: number): NetlinkMessage =>
  message({ ...scripted, payload: scripted.payload.subarray(0, bytes) });
const withWords = (scripted: ScriptedMessage): NetlinkMessage =>
  message({ ...scripted, flags: 0x200, payload: Buffer.concat([scripted.payload, words]) });
const refused = (explanation?: string): object => ({ failure: { kind: 'refused', errno: 99, explanation } });

test('a code of 0 is a success, and so is a dump that ends without any', () => {
  expect([
    refusalIn(message(acknowledgement(0)), 'error'),
    refusalIn(message(done()), 'done'),
    refusalIn(cut(done(), 0), 'done'),
  ]).toEqual([undefined, undefined, undefined]);
});

test.each<[string, NetlinkMessage, 'error' | 'done', object]>([
  ['without words', message(acknowledgement(99)), 'error', refused()],
  [
    'with words, behind the request',
    message(acknowledgement(99, { attributes: words })),
    'error',
    refused('no such address'),
  ],
  [
    'with words, behind its header alone',
    message(acknowledgement(99, { attributes: words, capped: true })),
    'error',
    refused('no such address'),
  ],
  ['at the end of a dump, with words', withWords(done(99)), 'done', refused('no such address')],
  ['with words that were cut away', cut(acknowledgement(99, { attributes: words }), 20), 'error', refused()],
])('a refusal %s', (_how, answer, kind, refusal) => {
  expect(refusalIn(answer, kind)).toMatchObject(refusal);
});

test.each([
  ['its code', 2],
  ['the request it answers', 12],
])('a refusal without %s is malformed', (_what, bytes) => {
  expect(() => refusalIn(cut(acknowledgement(99, { attributes: words }), bytes), 'error')).toThrow(
    expect.objectContaining({ failure: expect.objectContaining({ kind: 'malformed' }) }),
  );
});
