import type { ClosedSubflow } from '#main/engine/ports.ts';
import { isNativeError } from '#native/native-error.ts';
import type { MptcpEvent } from '#native/netlink/mptcp-event.ts';
import { subscribeToMptcpEvents } from '#native/netlink/subscription.ts';
import type { NetworkNamespaceRef } from '#native/network-namespace.ts';

/** Enough for every path of every parallel connection to fail some times; a host with more trouble than that reports no more. */
const rememberedPerConnection = 64;

/**
 * Why subflows of a namespace ended: only the path manager's events report it, and only once. Connections are distinguished by
 * their token; those that have closed are forgotten.
 */
export class ClosedSubflows {
  readonly #connections = new Map<
    number,
    { readonly establishedAtMonoMs: Map<string, number>; closed: ClosedSubflow[] }
  >();

  observe(event: MptcpEvent, atMonoMs: number): void {
    const { kind, token, localAddress, localPort, remoteAddress, remotePort, errno } = event;
    if (token === undefined) return;
    if (kind === 'closed') this.#connections.delete(token);
    if (localAddress === undefined || remoteAddress === undefined) return;
    if (kind !== 'subflow-established' && kind !== 'subflow-closed') return;

    const connection = this.#connections.get(token) ?? { establishedAtMonoMs: new Map(), closed: [] };
    this.#connections.set(token, connection);
    const subflow = `${localAddress} ${localPort} ${remoteAddress} ${remotePort}`;
    if (kind === 'subflow-established') {
      connection.establishedAtMonoMs.set(subflow, atMonoMs);
      return;
    }
    const since = connection.establishedAtMonoMs.get(subflow);
    connection.establishedAtMonoMs.delete(subflow);
    const livedMs = since === undefined ? undefined : atMonoMs - since;
    const all = [...connection.closed, { localAddress, remoteAddress, errno, livedMs }];
    connection.closed = all.slice(-rememberedPerConnection);
  }

  /** Those of one connection, in the order in which they ended. */
  of(token: number): readonly ClosedSubflow[] {
    return this.#connections.get(token)?.closed ?? [];
  }
}

/**
 * Listens in a namespace until disposed; `undefined` without CAP_NET_ADMIN there, and on a kernel without MPTCP. A join can
 * be refused within a millisecond of its connection's first data: listen before there is one.
 */
export async function watchClosedSubflows(
  namespace: NetworkNamespaceRef | undefined,
): Promise<(ClosedSubflows & Disposable) | undefined> {
  const closed = new ClosedSubflows();
  try {
    const subscription = await subscribeToMptcpEvents(namespace, {
      onEvent: (event) => closed.observe(event, performance.now()),
      // What was missed is at worst a cause less: the socket table still shows that a path is not used.
      onGap: () => {},
    });
    return Object.assign(closed, { [Symbol.dispose]: () => subscription[Symbol.dispose]() });
  } catch (error) {
    if (isNativeError(error, 'EPERM', 'EACCES', 'EOPNOTSUPP')) return undefined;
    throw error;
  }
}
