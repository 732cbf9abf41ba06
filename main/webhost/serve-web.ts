import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { SwitchyardError } from '#contract/errors.ts';
import { socketPath } from '#contract/socket.ts';
import type { Milliseconds } from '#contract/units.ts';
import { openConnectionOwners, type ConnectionOwners } from '#main/app/connection-owners.ts';
import type { Desk } from '#main/app/desk.ts';
import { readManifest } from '#main/app/window-content.ts';
import { Doorkeeper } from './doorkeeper.ts';
import { hasSession, isOurHost, isOurOrigin } from './gate.ts';
import { answerHttp, type Premises } from './http-answers.ts';
import { listenOnDescriptors, listenOnLoopback } from './loopback.ts';
import { Sessions } from './sessions.ts';
import { serveWindow } from './window-line.ts';

/** Sockets that were opened where browsers are, by the process that started this one in a network of its own. */
export interface HandedDown {
  /** Sockets that listen already. */
  readonly descriptors: readonly number[];
  /** A netlink socket (sock_diag), which sees the far ends of what comes in; absent where it could not be had. */
  readonly owners: number | undefined;
}

export interface WebHostOptions {
  readonly desk: Desk;
  /** A port, 0 for any that is free, or what was handed down. */
  readonly listen: { readonly port: number } | HandedDown;
  /** The folder into which the windows' content was built. */
  readonly content: string;
  /** Whose processes may connect, beside root's and our own user's. */
  readonly alsoUid?: number | undefined;
  readonly log: (line: string) => void;
}

/** The app for browsers on this machine. */
export interface WebHost extends AsyncDisposable {
  readonly port: number;
  /** Other users' processes are turned away. Where not, a link is all that keeps them out. */
  readonly seesOwners: boolean;
  /** An address that lets one browser in, once. */
  newLink(): string;
}

/** Beyond this a message ends its connection; up to it, one that is too large is answered with why. */
const mostMessageBytes = 16 << 20;
const mostWindows = 32;
/** A connection on which nothing moves for so long is not missed; windows have a heartbeat, and are exempt. */
const idleMs: Milliseconds = 120_000;

/** Serves the desk on 127.0.0.1 and ::1. Rejects where the port is taken, or where there is no content. */
export async function serveWeb({ desk, listen, content, alsoUid, log }: WebHostOptions): Promise<WebHost> {
  const manifest = readManifest(content);
  const { port, servers } = await ('port' in listen
    ? listenOnLoopback(listen.port)
    : listenOnDescriptors(listen.descriptors));
  const owners = 'port' in listen || listen.owners !== undefined ? openOwners(listen) : undefined;
  const us = owners && (await ourselves(owners, servers));
  const premises: Premises = { manifest, sessions: new Sessions(), whereabouts: { port } };
  const windows = new WebSocketServer({ noServer: true, maxPayload: mostMessageBytes, perMessageDeflate: false });
  windows.on('error', (thrown) => log(`the windows' server reported an error: ${thrown.message}`));
  const welcome = new Set([0, ...(us === undefined ? [] : [us]), ...(alsoUid === undefined ? [] : [alsoUid])]);
  const doorkeeper = new Doorkeeper({ owners, welcome, log, monoMs: () => performance.now() });
  const inside = new Set<Socket>();
  const busy = new Set<Socket>();

  // It never listens itself: what it is given has been admitted.
  const http = createServer({ maxHeaderSize: 16 * 1024 });
  http.setTimeout(idleMs);
  http.on('error', (thrown) => log(`the web server reported an error: ${thrown.message}`));
  http.on('request', (request: IncomingMessage, response: ServerResponse) => {
    for (const each of [request, response]) each.on('error', () => undefined);
    busy.add(request.socket);
    response.on('close', () => busy.delete(request.socket));
    const { status, headers, body } = answerHttp(request, premises);
    response.writeHead(status, headers).end(request.method === 'HEAD' ? '' : body);
  });
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refusal = refusalOf(request, premises, windows.clients.size);
    if (refusal === undefined) windows.handleUpgrade(request, socket, head, (line) => serveWindow(line, desk));
    else socket.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
  });

  for (const server of servers) {
    server.on('connection', (socket: Socket) => {
      // Before anything else, and for as long as it lives: an error that nothing listens for would end this process.
      socket.on('error', () => socket.destroy());
      void doorkeeper.admits(socket).then((admitted) => {
        if (!admitted) return;
        inside.add(socket);
        socket.once('close', () => inside.delete(socket));
        http.emit('connection', socket);
        socket.resume();
      });
    });
  }

  return {
    port,
    seesOwners: owners !== undefined,
    newLink: () => `http://127.0.0.1:${port}/?token=${premises.sessions.issue()}`,
    [Symbol.asyncDispose]: async () => {
      for (const line of windows.clients) line.close(1001, 'Switchyard has ended');
      const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
      // What is being answered, and what is sent to a window, is given a moment; a browser keeps idle connections for ever.
      for (const socket of inside) if (!busy.has(socket) && windows.clients.size === 0) socket.destroy();
      setTimeout(() => inside.forEach((socket) => socket.destroy()), 500).unref();
      await Promise.all(closed);
      owners?.[Symbol.dispose]();
    },
  };
}

function openOwners(listen: WebHostOptions['listen']): ConnectionOwners {
  return openConnectionOwners('port' in listen ? undefined : listen.owners);
}

/** The user whose socket listens here, as the kernel names it; what it cannot say of us it cannot say of others. */
async function ourselves(owners: ConnectionOwners, servers: readonly Server[]): Promise<number> {
  const [server] = servers;
  const { address, port } = addressOf(server);
  const uid = await owners.listenerOf({ address, port });
  if (uid !== undefined) return uid;
  for (const each of servers) each.close();
  throw new SwitchyardError({
    kind: 'rejected',
    phase: 'starting',
    event: 'serve',
    text: 'This kernel does not report whose process connects, so other users could not be kept out.',
    remedy: 'Load the module that does (`sudo modprobe tcp_diag`), or use the command line.',
  });
}

function addressOf(server: Server | undefined): AddressInfo {
  const address = server?.address();
  if (typeof address !== 'object' || address === null) throw new TypeError('the server does not listen on an address');
  return address;
}

/** A page of another origin may open a WebSocket to anywhere: here it is not let in. */
function refusalOf({ url, headers }: IncomingMessage, premises: Premises, windows: number): string | undefined {
  const { sessions, whereabouts } = premises;
  if (!isOurHost(headers, whereabouts)) return '421 Misdirected Request';
  if (!isOurOrigin(headers, whereabouts)) return '403 Forbidden';
  if (!hasSession(headers, sessions, whereabouts)) return '401 Unauthorized';
  if (url !== socketPath) return '404 Not Found';
  return windows >= mostWindows ? '503 Service Unavailable' : undefined;
}
