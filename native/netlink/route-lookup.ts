import { parseIpAddress } from '#native/ip-address.ts';
import { Attributes, encode } from './attributes.ts';
import { addressFamilies, ipFamilyOf, readIpAddress } from './ip-family.ts';
import { malformed, wasRefused } from './netlink-error.ts';
import type { NetlinkSession } from './session.ts';

const types = { newRoute: 24, getRoute: 26 } as const;
const headerBytes = 12;
/** RTA_* (include/uapi/linux/rtnetlink.h). */
const routeAttributes = {
  destination: 1,
  source: 2,
  outInterface: 4,
  gateway: 5,
  preferredSource: 7,
  metrics: 8,
  table: 15,
} as const;
const metricMtu = 2;
/** Errors that say "there is no way" rather than "the question is wrong". */
const unreachableCodes = ['ENETUNREACH', 'EHOSTUNREACH', 'EACCES', 'EINVAL'];

/** How a packet from `from` to `to` would leave the namespace. */
export interface Route {
  readonly interfaceIndex: number;
  /** Absent when the destination is on the link itself. */
  readonly gateway: string | undefined;
  /** Source address the kernel would choose. */
  readonly preferredSource: string | undefined;
  /** Set on the route itself; absent leaves the interface's. */
  readonly mtuBytes: number | undefined;
  /** The destination is an address of this very host. */
  readonly local: boolean;
  /** The routing table that answered (RT_TABLE_*: 254 is `main`); a rule has led to another one. */
  readonly table: number | undefined;
}

/**
 * Asks the kernel as `ip route get TO from FROM` does. `undefined` when no route leads there, or when `from` is not an
 * address of this namespace. Sends no packet.
 */
export async function lookUpRoute(session: NetlinkSession, to: string, from?: string): Promise<Route | undefined> {
  const action = `look up the route to ${to}${from === undefined ? '' : ` from ${from}`}`;
  const [toBytes, fromBytes] = [parseIpAddress(to), from === undefined ? undefined : parseIpAddress(from)];
  if (fromBytes !== undefined && fromBytes.length !== toBytes.length) return undefined;
  const header = Buffer.alloc(headerBytes);
  header.writeUInt8(addressFamilies[ipFamilyOf(to)], 0);
  header.writeUInt8(toBytes.length * 8, 1);
  if (fromBytes) header.writeUInt8(fromBytes.length * 8, 2);
  const payload = Buffer.concat([
    header,
    encode.bytes(routeAttributes.destination, toBytes),
    ...(fromBytes ? [encode.bytes(routeAttributes.source, fromBytes)] : []),
  ]);
  try {
    const messages = await session.request({ action, type: types.getRoute, payload });
    const answer = messages.find(({ type }) => type === types.newRoute);
    if (answer === undefined) throw malformed('no route in the answer').during(action);
    return decodeRoute(answer.payload);
  } catch (error) {
    if (wasRefused(error, ...unreachableCodes)) return undefined;
    throw error;
  }
}

/** struct rtmsg and RTA_* attributes. */
function decodeRoute(payload: Buffer): Route | undefined {
  if (payload.length < headerBytes) throw malformed(`a route of ${payload.length} bytes`);
  const [unicast, local] = [1, 2];
  const type = payload.readUInt8(7);
  const attributes = Attributes.decode(payload.subarray(headerBytes));
  const interfaceIndex = attributes.u32(routeAttributes.outInterface);
  // An IPv6 lookup answers with a `blackhole` or `unreachable` route where IPv4 answers with an error.
  if ((type !== unicast && type !== local) || interfaceIndex === undefined) return undefined;
  const gateway = attributes.bytes(routeAttributes.gateway);
  const preferredSource = attributes.bytes(routeAttributes.preferredSource);
  return {
    interfaceIndex,
    gateway: gateway && readIpAddress(gateway),
    preferredSource: preferredSource && readIpAddress(preferredSource),
    mtuBytes: attributes.nested(routeAttributes.metrics)?.u32(metricMtu),
    local: type === local,
    table: attributes.u32(routeAttributes.table),
  };
}
