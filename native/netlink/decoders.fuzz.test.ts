import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { refusalIn } from './acknowledgement.ts';
import { recording, recordingNames } from './fixtures/recorded.ts';
import { decodeGeneric } from './generic-family.ts';
import { decodeLinkCounters } from './link-counters.ts';
import { decodeMessages, type NetlinkMessage } from './message.ts';
import { decodeEndpoint } from './mptcp-endpoint.ts';
import { decodeMptcpEvent } from './mptcp-event.ts';
import { NetlinkError } from './netlink-error.ts';
import { decodeLinkEvent } from './network-links.ts';
import { NetlinkSession } from './session.ts';
import { lookUpRoute } from './route-lookup.ts';
import { acknowledgement, ScriptedTransport } from './scripted-transport.ts';
import { decodeSocketRow } from './socket-table.ts';
import { decodeUnixRow } from './unix-table.ts';

const linkTypes = [16, 17, 20, 21];

/** Everything in this folder that reads bytes of the kernel's. */
const decoders: Readonly<Record<string, (message: NetlinkMessage) => unknown>> = {
  'a TCP socket': ({ payload }) => decodeSocketRow(payload, 'tcp'),
  'an MPTCP socket': ({ payload }) => decodeSocketRow(payload, 'mptcp'),
  'a unix socket': ({ payload }) => decodeUnixRow(payload),
  'an MPTCP event': (message) => decodeMptcpEvent(decodeGeneric(message)),
  'an endpoint': (message) => decodeEndpoint(decodeGeneric(message).attributes),
  'a link event': (message) => linkTypes.map((type) => decodeLinkEvent({ ...message, type })),
  'the counters of an interface': decodeLinkCounters,
  'an acknowledgement': (message) => [refusalIn(message, 'error'), refusalIn(message, 'done')],
  'a route': async ({ payload }) => {
    using session = new NetlinkSession(
      new ScriptedTransport([[[{ type: 24, flags: 0, payload }, acknowledgement(0)]]]),
    );
    return await lookUpRoute(session, '192.0.2.1');
  },
};

/** Real messages with some bytes changed or cut off: they get further into a decoder than noise does. */
const damaged = fc
  .record({
    datagram: fc.constantFrom(...recordingNames.flatMap((name) => recording(name))),
    changes: fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 6 }),
    cut: fc.nat({ max: 64 }),
  })
  .map(({ datagram, changes, cut }) => {
    const bytes = Buffer.from(datagram.subarray(0, Math.max(0, datagram.length - cut)));
    for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
    return bytes;
  });
const noise = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes));

/** The failure, or `undefined` when it was read. */
async function failureOf(read: () => unknown): Promise<unknown> {
  try {
    await read();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe.each(Object.entries(decoders))('%s', (_, decode) => {
  test.each([
    ['damaged', damaged],
    ['noise', noise],
  ])('from %s bytes is read or refused as a NetlinkError', async (__, bytes) => {
    await fc.assert(
      fc.asyncProperty(bytes, async (buffer) => {
        const flags = buffer[0] === undefined ? 0 : buffer[0] << 8;
        const whole = { type: 20, flags, sequence: 1, payload: buffer };
        const inner = bytes === damaged ? framesOf(buffer) : [];
        const failures = await Promise.all([whole, ...inner].map((message) => failureOf(() => decode(message))));
        expect(failures.filter((failure) => failure !== undefined && !(failure instanceof NetlinkError))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

function framesOf(datagram: Buffer): NetlinkMessage[] {
  try {
    return decodeMessages(datagram);
  } catch {
    return [];
  }
}
