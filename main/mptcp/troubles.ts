import type { SubflowTroubles } from '#main/engine/ports.ts';
import type { ClosedSubflows } from './closed-subflows.ts';
import type { Connection } from './connections.ts';

/** What became of the subflows of these connections that carry nothing. `closed` is unknown without CAP_NET_ADMIN. */
export function subflowTroubles(
  connections: readonly Connection[],
  closed: Pick<ClosedSubflows, 'of'> | undefined,
): SubflowTroubles {
  const tokens = connections.flatMap(({ socket }) => (socket?.info ? [socket.info.token] : []));
  return {
    // A join takes one round trip, so one whose first packet was sent again was not merely young.
    unanswered: connections
      .flatMap(({ subflows }) => subflows)
      .filter(({ state, info }) => state === 'syn-sent' && (info?.consecutiveTimeouts ?? 0) > 0)
      .map(({ localAddress, remoteAddress }) => ({ localAddress, remoteAddress })),
    closed: tokens.flatMap((token) => closed?.of(token) ?? []),
  };
}
