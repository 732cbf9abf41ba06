import type { Milliseconds } from '#contract/units.ts';
import type { CallerWatch, SocketName } from '#main/engine/ports.ts';
import { DestroyedSockets } from '#native/netlink/destroyed-sockets.ts';
import { openNetlinkSession } from '#native/netlink/open-session.ts';
import { readSockets, type TcpSocketRow } from '#native/netlink/socket-table.ts';
import { connectedStates } from '#native/netlink/tcp-state.ts';
import type { NetworkPlace } from './network-place.ts';

/** Those that stay connected; the others are announced when they end. */
const lookEveryMs: Milliseconds = 250;
/** A flood is reported by its first callers. */
const rememberedCallers = 1024;

/**
 * Connections to a TCP port of one network namespace, of any process. Nothing but the kernel's tables and announcements is
 * read: a QEMU that waits there would take a connection of ours for the source's. Does not keep the process alive.
 */
export async function watchCallers(
  { namespace }: NetworkPlace,
  port: number,
  listener: (caller: SocketName) => void,
): Promise<CallerWatch> {
  const open = new DisposableStack();
  const seen = new Set<bigint>();
  const note = ({ cookie, localPort, remoteAddress, remotePort }: TcpSocketRow): void => {
    const isOver = open.disposed || seen.has(cookie) || seen.size >= rememberedCallers;
    if (isOver || localPort !== port || remotePort === 0) return;
    seen.add(cookie);
    listener({ address: remoteAddress, port: remotePort });
  };
  const read = async (): Promise<void> => {
    destroyed?.drain().forEach(note);
    for (const family of ['ipv4', 'ipv6'] as const) {
      const query = { protocol: 'tcp', family, states: connectedStates, localPorts: [port] } as const;
      (await readSockets(session, query)).forEach(note);
    }
  };
  /** One after the other. What cannot be read, now or after its end, is at worst a reason less: nothing may fail of it. */
  let reading: Promise<void> = Promise.resolve();
  const look = (): Promise<void> => {
    reading = reading.then(() => (open.disposed ? undefined : read())).catch(() => undefined);
    return reading;
  };
  const session = open.use(openNetlinkSession('sock-diag', namespace));
  const destroyed = DestroyedSockets.open(namespace);
  if (destroyed) {
    open.use(destroyed);
    open.use(destroyed.onSome(() => void look()));
  }
  const timer = setInterval(() => void look(), lookEveryMs);
  timer.unref();
  open.defer(() => clearInterval(timer));
  await look();
  return { look, [Symbol.dispose]: () => open[Symbol.dispose]() };
}
