import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { socketPath } from '#contract/socket.ts';
import type { Desk } from '#main/app/desk.ts';
import { readManifest } from '#main/app/window-content.ts';
import { ownerOf } from './connection-owner.ts';
import { hasSession, isOurHost, isOurOrigin } from './gate.ts';
import { answerHttp, type Premises } from './http-answers.ts';
import { listenOnDescriptors, listenOnLoopback } from './loopback.ts';
import { Sessions } from './sessions.ts';
import { serveWindow } from './window-line.ts';

export interface WebHostOptions {
  readonly desk: Desk;
  /** A port, 0 for any that is free, or sockets that listen already. */
  readonly listen: { readonly port: number } | { readonly descriptors: readonly number[] };
  /** The folder into which the windows' content was built. */
  readonly content: string;
  /** Whose processes may connect, beside root's and our own user's. */
  readonly alsoUid?: number | undefined;
  readonly log: (line: string) => void;
}

/** The app for browsers on this machine. */
export interface WebHost extends AsyncDisposable {
  readonly port: number;
  /** An address that lets one browser in, once. */
  newLink(): string;
}

/** Beyond this a message ends its connection; up to it, one that is too large is answered with why. */
const mostMessageBytes = 16 << 20;
const mostWindows = 32;
const mostConnections = 256;

/** Serves the desk on 127.0.0.1 and ::1. Rejects where the port is taken, or where there is no content. */
export async function serveWeb({ desk, listen, content, alsoUid, log }: WebHostOptions): Promise<WebHost> {
  const manifest = readManifest(content);
  const { port, servers } = await ('port' in listen
    ? listenOnLoopback(listen.port)
    : listenOnDescriptors(listen.descriptors));
  const premises: Premises = { manifest, sessions: new Sessions(), whereabouts: { port } };
  const windows = new WebSocketServer({ noServer: true, maxPayload: mostMessageBytes, perMessageDeflate: false });
  const welcome = new Set([0, process.geteuid?.() ?? 0, ...(alsoUid === undefined ? [] : [alsoUid])]);

  for (const server of servers) {
    server.maxConnections = mostConnections;
    server.on('connection', (socket: Socket) => {
      const owner = ownerOfPeer(socket);
      if (owner === undefined || welcome.has(owner)) return;
      log(`a process of user ${owner} was turned away`);
      socket.destroy();
    });
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const { status, headers, body } = answerHttp(request, premises);
      response.writeHead(status, headers).end(request.method === 'HEAD' ? '' : body);
    });
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      const refusal = refusalOf(request, premises, windows.clients.size);
      if (refusal === undefined) windows.handleUpgrade(request, socket, head, (line) => serveWindow(line, desk));
      else socket.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    });
  }

  return {
    port,
    newLink: () => `http://127.0.0.1:${port}/?token=${premises.sessions.issue()}`,
    [Symbol.asyncDispose]: async () => {
      for (const line of windows.clients) line.close(1001, 'Switchyard has ended');
      await Promise.all(servers.map(end));
    },
  };
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

function ownerOfPeer({ remoteAddress, remotePort, localAddress, localPort }: Socket): number | undefined {
  if (!remoteAddress || !localAddress || remotePort === undefined || localPort === undefined) return undefined;
  return ownerOf({ address: remoteAddress, port: remotePort }, { address: localAddress, port: localPort });
}

/** What is being answered is given a moment; a browser keeps its idle connections for as long as it likes. */
function end(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), 500).unref();
  });
}
