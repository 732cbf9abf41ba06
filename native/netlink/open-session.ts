import type { Fd } from '#native/fd.ts';
import { openNetlinkSocket, receiveFromKernel, sendToKernel, type NetlinkProtocol } from '#native/netlink-socket.ts';
import { withNetworkNamespace, type NetworkNamespaceRef } from '#native/network-namespace.ts';
import { MptcpPathManager } from './mptcp-path-manager.ts';
import { NetlinkSession } from './session.ts';

/**
 * Opens a conversation in a network namespace, this process's own when none is given. The socket is made there and
 * belongs there for ever, so the session is used from outside like any other; closing it (`using`) gives it back.
 */
export function openNetlinkSession(protocol: NetlinkProtocol, namespace?: NetworkNamespaceRef): NetlinkSession {
  return sessionOver(openSocketIn(protocol, namespace));
}

/** A conversation over a netlink socket that is open already, wherever that was done; the session owns it from now on. */
export function sessionOver(fd: Fd): NetlinkSession {
  return new NetlinkSession({
    send: (datagram) => sendToKernel(fd, datagram),
    receive: () => receiveFromKernel(fd),
    [Symbol.dispose]: () => fd[Symbol.dispose](),
  });
}

export async function openPathManager(namespace?: NetworkNamespaceRef): Promise<MptcpPathManager> {
  return MptcpPathManager.over(openNetlinkSession('generic', namespace));
}

export function openSocketIn(protocol: NetlinkProtocol, namespace?: NetworkNamespaceRef): Fd {
  const open = (): Fd => openNetlinkSocket(protocol);
  return namespace === undefined ? open() : withNetworkNamespace(namespace, open);
}
