import { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Fd } from '#native/fd.ts';
import { Outbox } from './outbox.ts';
import type { QmpTransport } from './transport.ts';

// Numbers that are never opened, only passed on.
const open = new Fd(1_000_000);
const closed = new Fd(1_000_001);
closed.release();

/** A stream that takes each write on request, and the order in which everything left. */
class SlowTransport implements QmpTransport {
  readonly left: string[] = [];
  readonly #offered: (() => void)[] = [];
  readonly stream = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, taken) => {
      this.#offered.push(() => {
        this.left.push(chunk.toString());
        taken();
      });
    },
  });

  sendWithDescriptors(bytes: Uint8Array, descriptors: readonly Fd[]): void {
    if (descriptors.some((descriptor) => !descriptor.isOpen)) throw new Error('closed');
    this.left.push(`${Buffer.from(bytes).toString()} with ${descriptors.length}`);
  }

  async takeOne(): Promise<void> {
    // What is written in one moment is offered after it.
    await nextTurn();
    this.#offered.shift()?.();
    await nextTurn();
  }
}

test('descriptors wait until the stream has handed over everything before them', async () => {
  const transport = new SlowTransport();
  const outbox = new Outbox(transport);
  outbox.write(Buffer.from('a'));
  outbox.write(Buffer.from('b'));
  outbox.writeWithDescriptors(Buffer.from('getfd'), [open], () => undefined);
  await transport.takeOne();
  const afterOne = [...transport.left];
  await transport.takeOne();
  expect([afterOne, transport.left]).toEqual([['a'], ['a', 'b', 'getfd with 1']]);
});

test('what comes after descriptors stays after them', async () => {
  const transport = new SlowTransport();
  const outbox = new Outbox(transport);
  outbox.write(Buffer.from('a'));
  outbox.writeWithDescriptors(Buffer.from('getfd'), [open], () => undefined);
  outbox.write(Buffer.from('b'));
  await transport.takeOne();
  await transport.takeOne();
  expect(transport.left).toEqual(['a', 'getfd with 1', 'b']);
});

test('descriptors that cannot be sent are reported, and do not hold up the rest', async () => {
  const transport = new SlowTransport();
  const outbox = new Outbox(transport);
  const reported: unknown[] = [];
  outbox.writeWithDescriptors(Buffer.from('getfd'), [closed], (error) => reported.push(error));
  outbox.write(Buffer.from('b'));
  await nextTurn();
  await transport.takeOne();
  expect([reported, transport.left]).toEqual([[new Error('closed')], ['b']]);
});

test('lines of one moment leave in one write', async () => {
  const writes: string[][] = [];
  const stream = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, taken) => {
      writes.push([chunk.toString()]);
      taken();
    },
    writev: (chunks: readonly { readonly chunk: Buffer }[], taken) => {
      writes.push(chunks.map(({ chunk }) => chunk.toString()));
      taken();
    },
  });
  const outbox = new Outbox({ stream });
  outbox.write(Buffer.from('a'));
  outbox.write(Buffer.from('b'));
  await nextTurn();
  outbox.write(Buffer.from('c'));
  await nextTurn();
  expect(writes).toEqual([['a', 'b'], ['c']]);
});
