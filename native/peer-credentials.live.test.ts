import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nativeAvailability } from './libc.ts';
import { peerCredentials } from './peer-credentials.ts';
import { descriptorOf } from './send-file-descriptors.ts';
import { bind, connectBlocking, listen, openSocket } from './socket.ts';

const native = nativeAvailability();
if (!native.available) process.stderr.write(`skipped: credentials of a peer, because ${native.reason}\n`);

describe.skipIf(!native.available)('the peer of a unix socket', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), `sy-${process.pid}-`));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('is this process where this process listens', () => {
    using listener = openSocket('unix');
    bind(listener, { family: 'unix', path: join(folder, 'socket') });
    listen(listener, 1);
    using client = openSocket('unix');
    connectBlocking(client, { family: 'unix', path: join(folder, 'socket') }, 1000);
    expect(peerCredentials(client)).toEqual({ pid: process.pid, uid: process.geteuid?.(), gid: process.getegid?.() });
  });

  test('is the process that listens, for a socket of Node too', async () => {
    const path = join(folder, 'socket');
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('listens'))`;
    const server = spawn(process.execPath, ['--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(server.stdout, 'data');
    const socket = connect(path);
    await once(socket, 'connect');
    expect(peerCredentials(descriptorOf(socket)).pid).toBe(server.pid);
    socket.destroy();
    server.kill('SIGKILL');
  });
});
