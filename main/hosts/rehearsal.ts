import { openSync } from 'node:fs';
import { devNull } from 'node:os';
import { duplexPair } from 'node:stream';
import type { QemuIdentity } from '#contract/host.ts';
import type { OwnedListener, Qemu } from '#main/engine/ports.ts';
import { emptyPortrait } from '#main/likeness/portrait.ts';
import { QmpClient } from '#main/qmp/client.ts';
import type { QemuFeatures } from '#main/qmp/features.ts';
import { FrameReader } from '#main/qmp/frames.ts';
import { isJsonObject, parseJson, printJson, type JsonObject, type JsonValue } from '#main/qmp/json.ts';
import { Fd } from '#native/fd.ts';
import type { HeldSocket } from './own-sockets/connected-socket.ts';
import { QemuMonitor } from './qemu-monitor.ts';

/** A stand-in for a QEMU: it agrees to everything, and keeps what it was sent. */
export interface Rehearsal extends AsyncDisposable {
  readonly qemu: Qemu;
  /** In order, as JSON text without ids; questions, which change nothing, are left out. */
  readonly sent: readonly string[];
}

/** The port that a rehearsed listener claims to have: what is sent with it will be sent with another. */
export const rehearsedPort = 65_535;

const identity: QemuIdentity = { uuid: '', pid: 1, startTimeTicks: 0, bootId: '' };

/**
 * Runs the very code that talks to a QEMU without one, so that an operator can read beforehand what it will send. The
 * features are those of the real one, since they decide on the wording.
 */
export async function rehearse(features: QemuFeatures): Promise<Rehearsal> {
  const [clientEnd, serverEnd] = duplexPair();
  const sent: string[] = [];
  const answerTo = agreeable(features);
  const reader = new FrameReader();
  serverEnd.on('data', (chunk: Uint8Array) => {
    for (const frame of reader.push(chunk).frames) {
      const message = parseJson(frame);
      if (!isJsonObject(message)) continue;
      const { id, ...request } = message;
      const command = textOf(request['execute'] ?? request['exec-oob']);
      if (!command.startsWith('query-') && command !== 'qmp_capabilities') sent.push(printJson(request));
      serverEnd.write(printJson({ return: answerTo(command, request['arguments']), id }));
    }
  });
  serverEnd.on('end', () => serverEnd.end());
  serverEnd.write(
    printJson({ QMP: { version: { qemu: features.version, package: 'rehearsal' }, capabilities: ['oob'] } }),
  );
  // Descriptors that come with a message are not needed.
  const transport = { stream: clientEnd, sendWithDescriptors: (bytes: Uint8Array) => void clientEnd.write(bytes) };
  const client = await QmpClient.connect({ transport }, { monitor: 'a rehearsal' });
  const qemu = new QemuMonitor(
    client,
    identity,
    () => Promise.resolve(features),
    () => Promise.resolve(emptyPortrait),
    () => Promise.resolve([]),
  );
  // A step that opens a monitor of its own closes it again: the stand-in is the same for every step, and stays.
  qemu.close = () => undefined;
  return {
    qemu,
    sent,
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/** A listener and a connection of Switchyard's own that are not there either. */
export function rehearsedListener(): OwnedListener {
  const accept = (): Promise<HeldSocket> => Promise.resolve(rehearsedSocket());
  const expect = (): Promise<void> => Promise.resolve();
  return { port: rehearsedPort, mptcp: true, expect, accept, [Symbol.dispose]: () => undefined };
}

export function rehearsedSocket(): HeldSocket {
  const descriptor = new Fd(openSync(devNull, 'r'));
  return {
    local: { address: '0.0.0.0', port: rehearsedPort },
    descriptor,
    end: () => Promise.resolve({ subflows: [], held: true, established: true }),
    makeRoom: () => Promise.resolve(),
    // As many as a kernel makes: nothing that joins is waited for.
    subflows: () => Promise.resolve(9),
    connection: () =>
      Promise.resolve({ id: 'rehearsal', protocol: 'mptcp', fallback: false, bytesSent: 0, bytesReinjected: 0 }),
    [Symbol.dispose]: () => descriptor[Symbol.dispose](),
  };
}

/** Answers as far as the adapter reads them. Capabilities are kept: they are set, and then compared with the other side's. */
function agreeable(features: QemuFeatures): (command: string, args: JsonValue | undefined) => JsonValue {
  const capabilities = new Map(features.migrationCapabilities.map((name): [string, boolean] => [name, false]));
  return (command, args) => {
    switch (command) {
      case 'migrate-set-capabilities':
        for (const { capability, state } of listOf(isJsonObject(args) ? args['capabilities'] : undefined)) {
          capabilities.set(textOf(capability), state === true);
        }
        return {};
      case 'query-migrate-capabilities':
        return Array.from(capabilities, ([capability, state]) => ({ capability, state }));
      case 'query-status':
        return { running: false, status: 'inmigrate' };
      case 'query-migrate':
        return { 'socket-address': [{ type: 'inet', host: '0.0.0.0', port: String(rehearsedPort) }] };
      default:
        return {};
    }
  };
}

function listOf(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
