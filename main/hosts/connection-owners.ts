import { Fd } from '#native/fd.ts';
import { openNetlinkSession, sessionOver } from '#native/netlink/open-session.ts';
import { socketOwner, type ConnectionEnd } from '#native/netlink/socket-owner.ts';

/** Whose process is at the other end of a connection on this machine, as the kernel knows it. */
export interface ConnectionOwners extends Disposable {
  /** The user of the process that holds the far end; `undefined` when no process holds it (any more). */
  ownerOf(theirs: ConnectionEnd, ours: ConnectionEnd): Promise<number | undefined>;
  /** The user of the process that listens there: ourselves, as this kernel's other answers name us. */
  listenerOf(ours: ConnectionEnd): Promise<number | undefined>;
}

/**
 * Asks sock_diag in this network namespace; or in the one where the descriptor, a netlink socket that is ours from now on,
 * was opened, with users named as they are there.
 */
export function openConnectionOwners(descriptor?: number): ConnectionOwners {
  const session = descriptor === undefined ? openNetlinkSession('sock-diag') : sessionOver(new Fd(descriptor));
  return {
    ownerOf: (theirs, ours) => socketOwner(session, theirs, ours),
    listenerOf: (ours) =>
      socketOwner(session, ours, { address: ours.address.includes(':') ? '::' : '0.0.0.0', port: 0 }),
    [Symbol.dispose]: () => session[Symbol.dispose](),
  };
}
