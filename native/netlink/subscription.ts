import type { Fd } from '#native/fd.ts';
import { isNativeError } from '#native/native-error.ts';
import { joinMulticastGroup, receiveFromKernel } from '#native/netlink-socket.ts';
import type { NetworkNamespaceRef } from '#native/network-namespace.ts';
import { watchReadiness } from '#native/readiness.ts';
import { decodeGeneric, resolveGenericFamily } from './generic-family.ts';
import { decodeMessages, type NetlinkMessage } from './message.ts';
import { decodeMptcpEvent, type MptcpEvent } from './mptcp-event.ts';
import { mptcpEventGroup, mptcpFamilyName } from './mptcp-path-manager.ts';
import { NetlinkError } from './netlink-error.ts';
import { decodeLinkEvent, type LinkEvent, routeGroups } from './network-links.ts';
import { openNetlinkSession, openSocketIn } from './open-session.ts';

export interface EventHandlers<Event> {
  readonly onEvent: (event: Event) => void;
  /** Events came faster than they were read and some are lost: read the table they were about again. */
  readonly onGap: () => void;
}

/**
 * Connections and subflows as the path manager announces them, in one namespace, until disposed. Needs CAP_NET_ADMIN there
 * (EPERM). Does not hold a thread, and does not keep the process alive.
 */
export async function subscribeToMptcpEvents(
  namespace: NetworkNamespaceRef | undefined,
  handlers: EventHandlers<MptcpEvent>,
): Promise<Disposable> {
  using session = openNetlinkSession('generic', namespace);
  const family = await resolveGenericFamily(session, mptcpFamilyName, 1);
  const group = family.groups.get(mptcpEventGroup);
  if (group === undefined) {
    throw new NetlinkError({ kind: 'unsupported', what: 'MPTCP events' }, 'listen for MPTCP events');
  }
  const decode = (message: NetlinkMessage): MptcpEvent | undefined =>
    message.type === family.id ? decodeMptcpEvent(decodeGeneric(message)) : undefined;
  return subscribe(openSocketIn('generic', namespace), [group], decode, handlers);
}

/** Interfaces that change (carrier, state, name, MTU) or go, and addresses that come and go. Needs no privilege. */
export function subscribeToLinkEvents(
  namespace: NetworkNamespaceRef | undefined,
  handlers: EventHandlers<LinkEvent>,
): Disposable {
  return subscribe(openSocketIn('route', namespace), Object.values(routeGroups), decodeLinkEvent, handlers);
}

function subscribe<Event>(
  fd: Fd,
  groups: readonly number[],
  decode: (message: NetlinkMessage) => Event | undefined,
  handlers: EventHandlers<Event>,
): Disposable {
  try {
    for (const group of groups) joinMulticastGroup(fd, group);
    const closed = new AbortController();
    const watch = watchReadiness(fd, 'readable', () => {
      // A handler may dispose of the subscription in the middle of a datagram.
      while (!closed.signal.aborted) {
        const events = nextEvents(fd, decode);
        if (events === undefined) return;
        if (events === 'gap') handlers.onGap();
        else for (const event of events) if (!closed.signal.aborted) handlers.onEvent(event);
      }
    });
    watch.unref();
    return {
      [Symbol.dispose]: () => {
        closed.abort();
        watch[Symbol.dispose]();
        fd[Symbol.dispose]();
      },
    };
  } catch (error) {
    fd[Symbol.dispose]();
    throw error;
  }
}

/** `undefined` when nothing is waiting. What cannot be read is a gap as well: its cure is the same. */
function nextEvents<Event>(
  fd: Fd,
  decode: (message: NetlinkMessage) => Event | undefined,
): readonly Event[] | 'gap' | undefined {
  try {
    const datagram = receiveFromKernel(fd);
    return (
      datagram &&
      decodeMessages(datagram)
        .map(decode)
        .filter((event) => event !== undefined)
    );
  } catch (error) {
    if (error instanceof NetlinkError || isNativeError(error, 'ENOBUFS', 'EMSGSIZE')) return 'gap';
    throw error;
  }
}
