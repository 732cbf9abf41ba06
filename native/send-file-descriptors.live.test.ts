import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { fstatSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Fd } from './fd.ts';
import { compileFixture, hasCompiler, type CompiledFixture } from './fixtures/compile.ts';
import { countOpenDescriptors } from './fixtures/open-descriptors.ts';
import { descriptorOf, sendFileDescriptors } from './send-file-descriptors.ts';

const run = promisify(execFile);
const openNull = (): Fd => new Fd(openSync('/dev/null', 'r'));
const openSelf = (): Fd => new Fd(openSync(import.meta.filename, 'r'));
const inode = (fd: Fd): number => fstatSync(fd.number).ino;

describe.skipIf(!hasCompiler)('descriptors over a Node socket (needs gcc)', () => {
  let receiver: CompiledFixture;
  let folder: string;
  let server: Server;

  beforeAll(() => {
    receiver = compileFixture('receive-descriptors.c');
  });
  afterAll(() => receiver[Symbol.dispose]());
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), `sy-${process.pid}-`));
    server = createServer().listen(join(folder, 'socket'));
    await once(server, 'listening');
  });
  afterEach(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  /** Starts the receiver and hands the server's end of the connection to `send`; returns what the receiver printed. */
  async function exchange(bytes: number, delayMs: number, send: (socket: Socket) => void): Promise<string[]> {
    const path = join(folder, 'socket');
    const connected = new Promise<Socket>((resolve) => server.once('connection', resolve));
    const printed = run(receiver.path, [path, String(bytes), String(delayMs)]);
    const socket = await connected;
    // A receiver that ends with data unread resets the connection; what it printed says all.
    socket.on('error', () => {});
    try {
      send(socket);
      return (await printed).stdout.trim().split('\n');
    } finally {
      socket.destroy();
    }
  }

  test('arrive in order, with their data, and stay open here', async () => {
    using first = openNull();
    using second = openSelf();
    const printed = await exchange(3, 0, (socket) => {
      sendFileDescriptors(descriptorOf(socket), Buffer.from([1, 2, 3]), [first, second]);
    });
    expect(printed).toEqual([`descriptor ${inode(first)}`, `descriptor ${inode(second)}`, 'bytes 3 6']);
  });

  test('a part of a larger buffer is sent from its own beginning', async () => {
    using fd = openNull();
    const printed = await exchange(2, 0, (socket) => {
      sendFileDescriptors(descriptorOf(socket), Buffer.from([9, 9, 4, 5, 9]).subarray(2, 4), [fd]);
    });
    expect(printed.at(-1)).toBe('bytes 2 9');
  });

  test('a message larger than the queue arrives whole, its descriptor once', async () => {
    using fd = openNull();
    const bytes = Buffer.alloc(3_000_000, 1);
    const printed = await exchange(bytes.length, 50, (socket) => {
      sendFileDescriptors(descriptorOf(socket), bytes, [fd], 5000);
    });
    expect(printed).toEqual([`descriptor ${inode(fd)}`, `bytes ${bytes.length} ${bytes.length}`]);
  });

  test('a receiver that does not read is given up on', async () => {
    using fd = openNull();
    await exchange(1, 200, (socket) => {
      const bytes = Buffer.alloc(3_000_000);
      expect(() => sendFileDescriptors(descriptorOf(socket), bytes, [fd], 20)).toThrow('The receiver does not read.');
    });
  });

  test('a socket that still has data queued is refused: the order would be lost', async () => {
    await exchange(3_000_000, 50, (socket) => {
      socket.write(Buffer.alloc(3_000_000));
      expect(() => descriptorOf(socket)).toThrow('wait for its "drain" first');
    });
  });

  test('a closed socket has no descriptor', async () => {
    await exchange(1, 0, (socket) => {
      socket.destroy();
      expect(() => descriptorOf(socket)).toThrow('no file descriptor');
    });
  });

  test('sending leaves no descriptor open', async () => {
    using fd = openNull();
    await exchange(500, 0, (socket) => {
      const before = countOpenDescriptors();
      for (let round = 0; round < 500; round += 1) sendFileDescriptors(descriptorOf(socket), Buffer.from([1]), [fd]);
      expect(countOpenDescriptors()).toBe(before);
    });
  });
});
