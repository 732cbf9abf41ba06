import { readIpAddress } from './ip-family.ts';
import type { GenericMessage } from './generic-family.ts';

/** MPTCP_EVENT_* (include/uapi/linux/mptcp_pm.h) by number. */
const kinds: ReadonlyMap<number, MptcpEventKind> = new Map([
  [1, 'created'],
  [2, 'established'],
  [3, 'closed'],
  [6, 'announced'],
  [7, 'removed'],
  [10, 'subflow-established'],
  [11, 'subflow-closed'],
  [13, 'subflow-priority'],
  [15, 'listener-created'],
  [16, 'listener-closed'],
]);

export type MptcpEventKind =
  | 'created'
  | 'established'
  | 'closed'
  | 'announced'
  | 'removed'
  | 'subflow-established'
  | 'subflow-closed'
  | 'subflow-priority'
  | 'listener-created'
  | 'listener-closed';

/**
 * What the path manager announces. A path that dies, goes stale or recovers is *not* announced: only counters and the
 * socket table show that. Which members are there depends on the kind and on the kernel.
 */
export interface MptcpEvent {
  readonly kind: MptcpEventKind;
  /** As this host numbers the connection; absent on listeners. */
  readonly token?: number | undefined;
  readonly localAddressId?: number | undefined;
  readonly remoteAddressId?: number | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly backup?: boolean | undefined;
  /**
   * On `subflow-closed`, positive: 111 no process listens on that address, 110 the join was dropped, 113 no route or
   * neighbour, 104 reset by the peer. Absent when it was removed in good order.
   */
  readonly errno?: number | undefined;
  /** Only on subflows bound to an interface. */
  readonly interfaceIndex?: number | undefined;
  readonly serverSide?: boolean | undefined;
  /** The peer forbids joins to the address it was first reached at. */
  readonly deniesJoinToInitialAddress?: boolean | undefined;
}

/** MPTCP_ATTR_*. */
const members = {
  token: 1,
  localId: 3,
  remoteId: 4,
  source4: 5,
  source6: 6,
  destination4: 7,
  destination6: 8,
  sourcePort: 9,
  destinationPort: 10,
  backup: 11,
  error: 12,
  flags: 13,
  interfaceIndex: 15,
  serverSide: 18,
} as const;
const flagBits = { denyJoinId0: 1, serverSide: 2 } as const;

/** `undefined` for a kind that a newer kernel invented. */
export function decodeMptcpEvent({ command, attributes }: GenericMessage): MptcpEvent | undefined {
  const kind = kinds.get(command);
  if (kind === undefined) return undefined;
  const local = attributes.bytes(members.source4) ?? attributes.bytes(members.source6);
  const remote = attributes.bytes(members.destination4) ?? attributes.bytes(members.destination6);
  const backup = attributes.u8(members.backup);
  const errno = attributes.u8(members.error);
  const interfaceIndex = attributes.s32(members.interfaceIndex);
  const flags = attributes.u16(members.flags) ?? 0;
  const serverSide = attributes.u8(members.serverSide);
  return {
    kind,
    token: attributes.u32(members.token),
    localAddressId: attributes.u8(members.localId),
    remoteAddressId: attributes.u8(members.remoteId),
    localAddress: local && readIpAddress(local),
    localPort: attributes.u16BigEndian(members.sourcePort),
    remoteAddress: remote && readIpAddress(remote),
    remotePort: attributes.u16BigEndian(members.destinationPort),
    backup: backup === undefined ? undefined : backup !== 0,
    errno: errno === 0 ? undefined : errno,
    interfaceIndex: interfaceIndex === 0 ? undefined : interfaceIndex,
    serverSide: (flags & flagBits.serverSide) !== 0 || (serverSide ?? 0) !== 0,
    deniesJoinToInitialAddress: (flags & flagBits.denyJoinId0) !== 0,
  };
}
