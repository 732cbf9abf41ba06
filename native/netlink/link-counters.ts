import { Attributes } from './attributes.ts';
import type { NetlinkMessage } from './message.ts';
import { malformed } from './netlink-error.ts';
import type { NetlinkSession } from './session.ts';

/** RTM_* (include/uapi/linux/rtnetlink.h), struct ifinfomsg, IFLA_* (include/uapi/linux/if_link.h). */
const types = { newLink: 16, getLink: 18 } as const;
const headerBytes = 16;
const attributes = { name: 3, statistics: 23 } as const;
/** struct rtnl_link_stats64: packets in and out stand before the bytes. */
const offsets = { receivedBytes: 16, sentBytes: 24, end: 32 } as const;

/** What an interface has carried since it was made, with the headers of its own layer. */
export interface LinkCounters {
  readonly name: string;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** The counters of every interface of the session's namespace, as `ip -s link` lists them. */
export async function readLinkCounters(session: NetlinkSession): Promise<LinkCounters[]> {
  const payload = Buffer.alloc(headerBytes);
  const messages = await session.dump({ action: 'count the traffic of interfaces', type: types.getLink, payload });
  return messages.filter((message) => message.type === types.newLink).flatMap((each) => decodeLinkCounters(each) ?? []);
}

/** `undefined` where the kernel sent no counters. */
export function decodeLinkCounters({ payload }: Pick<NetlinkMessage, 'payload'>): LinkCounters | undefined {
  if (payload.length < headerBytes) throw malformed(`an interface of ${payload.length} bytes`);
  const found = Attributes.decode(payload.subarray(headerBytes));
  const [name, statistics] = [found.text(attributes.name), found.bytes(attributes.statistics)];
  if (name === undefined || statistics === undefined || statistics.length < offsets.end) return undefined;
  return {
    name,
    sentBytes: Number(statistics.readBigUInt64LE(offsets.sentBytes)),
    receivedBytes: Number(statistics.readBigUInt64LE(offsets.receivedBytes)),
  };
}
