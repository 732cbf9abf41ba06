import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { WebSocketServer, type WebSocket } from 'ws';
import type { AppWindow } from '#main/app/face.ts';
import { makeDispatch } from '#main/app/dispatch.ts';
import { FakeHost } from './fake-host.ts';

/** The policy under which the product serves its window. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const mediaTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

export interface FakeServer extends AsyncDisposable {
  readonly address: string;
  readonly host: FakeHost;
  /** Breaks every window's line, as a restart of main would. */
  breakLines(): void;
}

/** The built window on loopback, with a fake behind its socket. */
export async function serveFake({ root = 'out/renderer', port = 0, host = new FakeHost() } = {}): Promise<FakeServer> {
  const http = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname);
    readFile(join(root, path === '/' ? 'index.html' : path)).then(
      (content) => {
        response.writeHead(200, {
          'content-type': mediaTypes[extname(path) || '.html'] ?? 'application/octet-stream',
          'content-security-policy': contentSecurityPolicy,
        });
        response.end(content);
      },
      () => response.writeHead(404).end(),
    );
  });
  const sockets = new WebSocketServer({ server: http, path: '/socket' });
  const report = (thrown: unknown): string => {
    console.error(thrown);
    return 'i-00000000';
  };
  const dispatch = makeDispatch<AppWindow>(host.handlers, { monoMs: () => performance.now(), report });
  sockets.on('connection', (socket) => attend(socket, host, dispatch));

  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${boundPort(http.address())}/`,
    host,
    breakLines: () => sockets.clients.forEach((socket) => socket.terminate()),
    async [Symbol.asyncDispose]() {
      sockets.clients.forEach((socket) => socket.terminate());
      sockets.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

function boundPort(address: ReturnType<ReturnType<typeof createServer>['address']>): number {
  if (typeof address !== 'object' || !address) throw new TypeError('a server that listens has an address');
  return address.port;
}

function attend(socket: WebSocket, host: FakeHost, dispatch: ReturnType<typeof makeDispatch<AppWindow>>): void {
  const window: AppWindow = {
    id: randomUUID(),
    emit: (event, payload) => socket.send(JSON.stringify({ event, payload })),
  };
  host.openWindow(window);
  socket.on('close', () => host.closeWindow(window));
  socket.on('message', (data) => {
    const { id, command, request }: { id: number; command: unknown; request: unknown } = JSON.parse(
      Buffer.isBuffer(data) ? data.toString() : '{}',
    );
    void dispatch(command, request, window).then((answer) => socket.send(JSON.stringify({ id, answer })));
  });
}
