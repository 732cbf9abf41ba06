import { parseIpAddress } from '#native/ip-address.ts';
import { Attributes, encode } from './attributes.ts';
import { addressFamilies, ipFamilyOf, readIpAddress } from './ip-family.ts';
import type { NetlinkMessage } from './message.ts';
import { malformed, wasRefused } from './netlink-error.ts';
import type { NetlinkSession } from './session.ts';

/** RTM_* (include/uapi/linux/rtnetlink.h). */
const types = { newNeighbour: 28, removeNeighbour: 29, getNeighbour: 30 } as const;
const headerBytes = 12;
/** NDA_DST and NDA_LLADDR (include/uapi/linux/neighbour.h). */
const destination = 1;
const linkLayer = 2;
/** NUD_INCOMPLETE: asked, not answered yet. NUD_FAILED: asked in vain. */
const unanswered = 0x01 | 0x20;

/** What a namespace knows of the link-layer address of one neighbour. */
export interface Neighbour {
  readonly interfaceIndex: number;
  readonly address: string;
  /** It has been asked for its link-layer address and has not answered (yet). */
  readonly unanswered: boolean;
  /** Where packets to it are sent, as hexadecimal digits; absent where none is known or the interface has none. */
  readonly linkAddress?: string;
}

/** The neighbour tables of the session's namespace, ARP and NDP, as `ip neighbour` lists them. */
export async function readNeighbours(session: NetlinkSession): Promise<Neighbour[]> {
  const payload = Buffer.alloc(headerBytes);
  const messages = await session.dump({ action: 'list neighbours', type: types.getNeighbour, payload });
  return messages
    .filter((message) => message.type === types.newNeighbour)
    .map(decodeNeighbour)
    .filter((neighbour) => neighbour !== undefined);
}

/** Forgets a neighbour: the next packet asks for it again. One that has gone meanwhile is what was wanted. */
export async function removeNeighbour(session: NetlinkSession, { interfaceIndex, address }: Neighbour): Promise<void> {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt8(addressFamilies[ipFamilyOf(address) ?? 'ipv4'], 0);
  header.writeInt32LE(interfaceIndex, 4);
  const payload = Buffer.concat([header, encode.bytes(destination, Buffer.from(parseIpAddress(address)))]);
  try {
    await session.request({ action: `forget the neighbour ${address}`, type: types.removeNeighbour, payload });
  } catch (thrown) {
    if (!wasRefused(thrown, 'ENOENT')) throw thrown;
  }
}

/** struct ndmsg and its attributes; `undefined` for what is no IP address (a bridge's table, for one). */
export function decodeNeighbour({ payload }: Pick<NetlinkMessage, 'payload'>): Neighbour | undefined {
  if (payload.length < headerBytes) throw malformed(`a neighbour of ${payload.length} bytes`);
  const family = payload.readUInt8(0);
  const attributes = Attributes.decode(payload.subarray(headerBytes));
  const address = attributes.bytes(destination);
  const linkAddress = attributes.bytes(linkLayer)?.toString('hex');
  const isIp = family === addressFamilies.ipv4 || family === addressFamilies.ipv6;
  if (!isIp || address === undefined) return undefined;
  return {
    interfaceIndex: payload.readInt32LE(4),
    address: readIpAddress(address),
    unanswered: (payload.readUInt16LE(8) & unanswered) !== 0,
    ...(linkAddress === undefined ? {} : { linkAddress }),
  };
}
