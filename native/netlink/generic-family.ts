import { Attributes, encode } from './attributes.ts';
import type { NetlinkMessage } from './message.ts';
import { malformed, NetlinkError, wasRefused } from './netlink-error.ts';
import type { NetlinkSession } from './session.ts';

const headerBytes = 4;
const controlFamily = 0x10;
const getFamilyCommand = 3;
/** CTRL_ATTR_* and CTRL_ATTR_MCAST_GRP_* (include/uapi/linux/genetlink.h). */
const controlAttributes = { familyId: 1, familyName: 2, multicastGroups: 7, groupName: 1, groupId: 2 } as const;

/** A generic netlink family as this kernel numbers it; the numbers change with every boot and every module loaded. */
export interface GenericFamily {
  readonly id: number;
  readonly version: number;
  /** Multicast groups by name. */
  readonly groups: ReadonlyMap<string, number>;
}

/** One message of a family: its command and its attributes. */
export interface GenericMessage {
  readonly command: number;
  readonly attributes: Attributes;
}

/** Asks the kernel for a family by name. Rejects with `unsupported` where it has none of that name. */
export async function resolveGenericFamily(
  session: NetlinkSession,
  name: string,
  version: number,
): Promise<GenericFamily> {
  const action = `look up the netlink family ${name}`;
  try {
    const [answer] = await session.request({
      action,
      type: controlFamily,
      payload: encodeGeneric(getFamilyCommand, 2, [encode.text(controlAttributes.familyName, name)]),
    });
    const attributes = answer && decodeGeneric(answer).attributes;
    const id = attributes?.u16(controlAttributes.familyId);
    if (attributes === undefined || id === undefined) throw malformed('a family without its number').during(action);
    const groups = attributes
      .list(controlAttributes.multicastGroups)
      .map((group) => [group.text(controlAttributes.groupName), group.u32(controlAttributes.groupId)] as const)
      .filter((group): group is readonly [string, number] => group[0] !== undefined && group[1] !== undefined);
    return { id, version, groups: new Map(groups) };
  } catch (error) {
    if (wasRefused(error, 'ENOENT')) {
      throw new NetlinkError({ kind: 'unsupported', what: `the netlink family ${name}` }, action);
    }
    throw error;
  }
}

/** struct genlmsghdr and attributes. */
export function encodeGeneric(command: number, version: number, attributes: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.of(command, version, 0, 0), ...attributes]);
}

export function decodeGeneric(message: NetlinkMessage): GenericMessage {
  if (message.payload.length < headerBytes) throw malformed('a generic message without its header');
  return {
    command: message.payload.readUInt8(0),
    attributes: Attributes.decode(message.payload.subarray(headerBytes)),
  };
}
