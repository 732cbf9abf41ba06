import { parseIpAddress } from '#native/ip-address.ts';
import { type Attributes, encode } from './attributes.ts';
import { addressFamilies, ipFamilyOf, readIpAddress } from './ip-family.ts';
import { malformed } from './netlink-error.ts';

/**
 * MPTCP_PM_ADDR_FLAG_* (include/uapi/linux/mptcp_pm.h), from bit 0. The kernel alone sets `implicit`; `laminar` came with
 * Linux 6.18.
 */
const flagNames = ['signal', 'subflow', 'backup', 'fullmesh', 'implicit', 'laminar'] as const;
const namedFlagBits = (1 << flagNames.length) - 1;

export type EndpointFlag = (typeof flagNames)[number];

/** MPTCP_PM_ADDR_ATTR_*. */
const members = { family: 1, id: 2, address4: 3, address6: 4, port: 5, flags: 6, interfaceIndex: 7 } as const;

/** One address that the in-kernel path manager may use, shared by all MPTCP connections of its network namespace. */
export interface Endpoint {
  /** 1 to 255; the kernel chooses when it is added without one. */
  readonly id: number;
  readonly address: string;
  /** Announced port, with a listener of the kernel's own behind it. */
  readonly port: number | undefined;
  /** Interface its subflows are bound to; `undefined` leaves that to routing. */
  readonly interfaceIndex: number | undefined;
  readonly flags: readonly EndpointFlag[];
  /** Bits that a newer kernel set and that have no name here, so that the endpoint can be put back as it was. */
  readonly unnamedFlagBits: number;
}

/** What an endpoint is made from. */
export interface NewEndpoint {
  readonly address: string;
  readonly id?: number | undefined;
  readonly port?: number | undefined;
  readonly interfaceIndex?: number | undefined;
  readonly flags: readonly EndpointFlag[];
  readonly unnamedFlagBits?: number | undefined;
}

/** The members of an address nest. Throws a `TypeError` for text that is no IP address. */
export function encodeEndpoint(endpoint: Partial<NewEndpoint>): Buffer[] {
  const parts: Buffer[] = [];
  if (endpoint.address !== undefined) {
    const bytes = parseIpAddress(endpoint.address);
    const family = ipFamilyOf(endpoint.address);
    parts.push(encode.u16(members.family, addressFamilies[family]));
    parts.push(encode.bytes(family === 'ipv4' ? members.address4 : members.address6, bytes));
  }
  if (endpoint.id !== undefined) parts.push(encode.u8(members.id, endpoint.id));
  // Host order, unlike the ports of events: net/mptcp/pm_netlink.c calls htons() on what it reads.
  if (endpoint.port !== undefined) parts.push(encode.u16(members.port, endpoint.port));
  if (endpoint.flags !== undefined) {
    const named = endpoint.flags.reduce((bits, flag) => bits | (1 << flagNames.indexOf(flag)), 0);
    parts.push(encode.u32(members.flags, (named | (endpoint.unnamedFlagBits ?? 0)) >>> 0));
  }
  if (endpoint.interfaceIndex !== undefined) parts.push(encode.s32(members.interfaceIndex, endpoint.interfaceIndex));
  return parts;
}

export function decodeEndpoint(attributes: Attributes): Endpoint {
  const address = attributes.bytes(members.address4) ?? attributes.bytes(members.address6);
  if (address === undefined) throw malformed('an endpoint without an address');
  const bits = attributes.u32(members.flags) ?? 0;
  const interfaceIndex = attributes.s32(members.interfaceIndex) ?? 0;
  const port = attributes.u16(members.port) ?? 0;
  return {
    id: attributes.u8(members.id) ?? 0,
    address: readIpAddress(address),
    port: port === 0 ? undefined : port,
    interfaceIndex: interfaceIndex === 0 ? undefined : interfaceIndex,
    flags: flagNames.filter((_, bit) => (bits & (1 << bit)) !== 0),
    unnamedFlagBits: (bits & ~namedFlagBits) >>> 0,
  };
}
