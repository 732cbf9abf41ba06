import { align4, Attributes } from './attributes.ts';
import { messageFlags, type NetlinkMessage } from './message.ts';
import { malformed, NetlinkError } from './netlink-error.ts';

const errorBytes = 4;
/** NLMSGERR_ATTR_MSG (include/uapi/linux/netlink.h). */
const explanationAttribute = 1;

/**
 * Reads an NLMSG_ERROR or the end of a dump: both begin with a negative errno, or 0 for success. Returns the refusal,
 * with the kernel's own words when it sent some, or `undefined` for success.
 */
export function refusalIn(message: NetlinkMessage, kind: 'error' | 'done'): NetlinkError | undefined {
  // Before Linux 2.6 style dumps carried no code at their end; an empty one means success.
  if (kind === 'done' && message.payload.length < errorBytes) return undefined;
  if (message.payload.length < errorBytes) throw malformed('an error without its code');
  const code = message.payload.readInt32LE(0);
  if (code === 0) return undefined;
  return new NetlinkError({ kind: 'refused', errno: Math.abs(code), explanation: explanationIn(message, kind) });
}

function explanationIn(message: NetlinkMessage, kind: 'error' | 'done'): string | undefined {
  if ((message.flags & messageFlags.ackAttributes) === 0) return undefined;
  const attributesAt = errorBytes + (kind === 'error' ? repeatedRequestBytes(message) : 0);
  if (attributesAt > message.payload.length) return undefined;
  return Attributes.decode(message.payload.subarray(attributesAt)).text(explanationAttribute);
}

/** An error repeats the request's header, and its body too unless the reply is capped. */
function repeatedRequestBytes(message: NetlinkMessage): number {
  const headerBytes = 16;
  if (message.payload.length < errorBytes + headerBytes) throw malformed('an error without the request it answers');
  return (message.flags & messageFlags.capped) === 0 ? align4(message.payload.readUInt32LE(errorBytes)) : headerBytes;
}
