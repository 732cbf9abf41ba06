import { Attributes, encode } from './attributes.ts';
import { addressFamilies, readIpAddress } from './ip-family.ts';
import type { NetlinkMessage } from './message.ts';
import { malformed } from './netlink-error.ts';
import type { NetlinkSession } from './session.ts';

/** Multicast groups of NETLINK_ROUTE (include/uapi/linux/rtnetlink.h, RTNLGRP_*). */
export const routeGroups = { link: 1, ipv4Address: 5, ipv6Address: 9 } as const;

/** RTM_*. */
const types = { newLink: 16, removeLink: 17, getLink: 18, newAddress: 20, removeAddress: 21, getAddress: 22 } as const;
const linkHeaderBytes = 16;
const addressHeaderBytes = 8;
/** IFLA_*; RTEXT_FILTER_SKIP_STATS keeps the answer small. */
const linkAttributes = {
  linkAddress: 1,
  name: 3,
  mtu: 4,
  lower: 5,
  master: 10,
  operationalState: 16,
  linkInfo: 18,
  extensionMask: 29,
  carrier: 33,
  physicalPort: 36,
  lowerNamespace: 37,
} as const;
/** IFLA_INFO_*, and IFLA_BOND_* inside the data of a bond (include/uapi/linux/if_link.h). */
const linkInfoKind = 1;
const linkInfoData = 2;
const bondAttributes = { mode: 1, activePort: 2 } as const;
/** In the order of BOND_MODE_* (include/uapi/linux/if_bonding.h). */
const bondModes = [
  'balance-rr',
  'active-backup',
  'balance-xor',
  'broadcast',
  '802.3ad',
  'balance-tlb',
  'balance-alb',
] as const;
export type BondMode = (typeof bondModes)[number];
const skipStatistics = 1 << 3;
/** IFA_*, and IFA_F_* (include/uapi/linux/if_addr.h). */
const addressAttributes = { address: 1, local: 2, flags: 8 } as const;
const addressFlags = { secondaryOrTemporary: 0x01, duplicate: 0x08, deprecated: 0x20, tentative: 0x40 } as const;
const optimistic = 0x04;
const interfaceFlags = { up: 0x1, loopback: 0x8, lowerUp: 0x1_0000 } as const;

/** RFC 2863 ifOperStatus, as IF_OPER_* numbers them. */
const operationalStates = ['unknown', 'not-present', 'down', 'lower-layer-down', 'testing', 'dormant', 'up'] as const;
export type OperationalState = (typeof operationalStates)[number];

/** One network interface of a namespace. */
export interface NetworkLink {
  readonly index: number;
  readonly name: string;
  /** It was switched on (IFF_UP). */
  readonly enabled: boolean;
  /** The layer below works: a cable, the other end of a veth pair. */
  readonly carrier: boolean;
  readonly operationalState: OperationalState;
  readonly mtuBytes: number;
  readonly loopback: boolean;
  /** What made it: `veth`, `bridge`, `vlan`; `undefined` for hardware. */
  readonly kind: string | undefined;
  /** Index of the bridge, bond or other interface that it belongs to. */
  readonly masterIndex?: number | undefined;
  /** Index of the interface that carries its packets; of the peer, for a veth. */
  readonly lowerIndex?: number | undefined;
  /** The namespace of that one, as this namespace numbers it; absent when it is this one. */
  readonly lowerNamespace?: number | undefined;
  /** Of a bond. */
  readonly bondMode?: BondMode | undefined;
  /** Of a bond that uses one port alone. */
  readonly activePortIndex?: number | undefined;
  /** Alike for functions of one physical port, in hexadecimal digits. */
  readonly physicalPort?: string | undefined;
  /** Its hardware address, in hexadecimal digits; zeros for `lo`, absent for an interface without any. */
  readonly linkAddress?: string | undefined;
}

/** An address of an interface. */
export interface InterfaceAddress {
  readonly interfaceIndex: number;
  readonly address: string;
  readonly prefixLength: number;
  readonly scope: 'global' | 'link' | 'host' | 'other';
  readonly flags: readonly AddressFlag[];
}

/**
 * `tentative`: not checked yet, so it cannot be used. `duplicate`: the check found another host with it. `secondary` is
 * IPv4's (further to another address of that subnet), `temporary` IPv6's (made up for privacy).
 */
export type AddressFlag = 'tentative' | 'duplicate' | 'deprecated' | 'temporary' | 'secondary';

export type LinkEvent =
  | { readonly kind: 'link-changed'; readonly link: NetworkLink }
  | { readonly kind: 'link-removed'; readonly link: NetworkLink }
  | { readonly kind: 'address-added'; readonly address: InterfaceAddress }
  | { readonly kind: 'address-removed'; readonly address: InterfaceAddress };

/** Every interface of the session's namespace. */
export async function readLinks(session: NetlinkSession): Promise<NetworkLink[]> {
  const payload = Buffer.concat([
    Buffer.alloc(linkHeaderBytes),
    encode.u32(linkAttributes.extensionMask, skipStatistics),
  ]);
  const messages = await session.dump({ action: 'list network interfaces', type: types.getLink, payload });
  return messages.filter((message) => message.type === types.newLink).map(decodeLink);
}

/** Every IPv4 and IPv6 address of the session's namespace. */
export async function readAddresses(session: NetlinkSession): Promise<InterfaceAddress[]> {
  const payload = Buffer.alloc(addressHeaderBytes);
  const messages = await session.dump({ action: 'list addresses', type: types.getAddress, payload });
  return messages
    .filter((message) => message.type === types.newAddress)
    .map(decodeAddress)
    .filter((address) => address !== undefined);
}

/** A message of the link or address groups; `undefined` for anything else. */
export function decodeLinkEvent(message: NetlinkMessage): LinkEvent | undefined {
  switch (message.type) {
    case types.newLink:
      return { kind: 'link-changed', link: decodeLink(message) };
    case types.removeLink:
      return { kind: 'link-removed', link: decodeLink(message) };
    case types.newAddress:
    case types.removeAddress: {
      const address = decodeAddress(message);
      return address && { kind: message.type === types.newAddress ? 'address-added' : 'address-removed', address };
    }
    default:
      return undefined;
  }
}

/** struct ifinfomsg and IFLA_* attributes. */
function decodeLink({ payload }: NetlinkMessage): NetworkLink {
  if (payload.length < linkHeaderBytes) throw malformed(`a network interface of ${payload.length} bytes`);
  const flags = payload.readUInt32LE(8);
  const attributes = Attributes.decode(payload.subarray(linkHeaderBytes));
  const carrier = attributes.u8(linkAttributes.carrier);
  const information = attributes.nested(linkAttributes.linkInfo);
  const kind = information?.text(linkInfoKind);
  const bond = kind === 'bond' ? information?.nested(linkInfoData) : undefined;
  return {
    index: payload.readInt32LE(4),
    name: attributes.text(linkAttributes.name) ?? '',
    enabled: (flags & interfaceFlags.up) !== 0,
    // While an interface is switched off its carrier is not meaningful, so LOWER_UP (which needs both) decides.
    carrier: carrier === undefined ? (flags & interfaceFlags.lowerUp) !== 0 : carrier !== 0,
    operationalState: operationalStates[attributes.u8(linkAttributes.operationalState) ?? 0] ?? 'unknown',
    mtuBytes: attributes.u32(linkAttributes.mtu) ?? 0,
    loopback: (flags & interfaceFlags.loopback) !== 0,
    kind,
    masterIndex: attributes.u32(linkAttributes.master),
    // A tunnel that is bound to none has 0.
    lowerIndex: attributes.u32(linkAttributes.lower) || undefined,
    lowerNamespace: attributes.s32(linkAttributes.lowerNamespace),
    bondMode: bondModes[bond?.u8(bondAttributes.mode) ?? bondModes.length],
    activePortIndex: bond?.u32(bondAttributes.activePort) || undefined,
    physicalPort: attributes.bytes(linkAttributes.physicalPort)?.toString('hex'),
    linkAddress: attributes.bytes(linkAttributes.linkAddress)?.toString('hex'),
  };
}

/** struct ifaddrmsg and IFA_* attributes; on a point-to-point link IFA_ADDRESS is the peer's, so IFA_LOCAL goes first. */
function decodeAddress({ payload }: NetlinkMessage): InterfaceAddress | undefined {
  if (payload.length < addressHeaderBytes) throw malformed(`an interface address of ${payload.length} bytes`);
  const family = payload.readUInt8(0);
  if (family !== addressFamilies.ipv4 && family !== addressFamilies.ipv6) return undefined;
  const attributes = Attributes.decode(payload.subarray(addressHeaderBytes));
  const bytes = attributes.bytes(addressAttributes.local) ?? attributes.bytes(addressAttributes.address);
  if (bytes === undefined) return undefined;
  return {
    interfaceIndex: payload.readUInt32LE(4),
    address: readIpAddress(bytes),
    prefixLength: payload.readUInt8(1),
    scope: scopeOf(payload.readUInt8(3)),
    // The header has room for the first eight of them.
    flags: addressFlagsOf(attributes.u32(addressAttributes.flags) ?? payload.readUInt8(2), family),
  };
}

function addressFlagsOf(bits: number, family: number): AddressFlag[] {
  const isSet = (bit: number): boolean => (bits & bit) !== 0;
  return [
    // An optimistic address is used while it is being checked (RFC 4429).
    ...(isSet(addressFlags.tentative) && !isSet(optimistic) ? (['tentative'] as const) : []),
    ...(isSet(addressFlags.duplicate) ? (['duplicate'] as const) : []),
    ...(isSet(addressFlags.deprecated) ? (['deprecated'] as const) : []),
    ...(isSet(addressFlags.secondaryOrTemporary)
      ? [family === addressFamilies.ipv4 ? ('secondary' as const) : ('temporary' as const)]
      : []),
  ];
}

function scopeOf(number: number): InterfaceAddress['scope'] {
  return ({ 0: 'global', 253: 'link', 254: 'host' } as const)[number] ?? 'other';
}
