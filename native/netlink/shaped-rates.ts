import { Attributes } from './attributes.ts';
import type { NetlinkMessage } from './message.ts';
import { malformed } from './netlink-error.ts';
import type { NetlinkSession } from './session.ts';

/** RTM_NEWQDISC, RTM_GETQDISC (include/uapi/linux/rtnetlink.h). */
const types = { newDiscipline: 36, getDiscipline: 38 } as const;
/** struct tcmsg: family, padding, ifindex, handle, parent, info. */
const headerBytes = 20;
const interfaceIndexOffset = 4;
const parentOffset = 12;
/** TC_H_ROOT (include/uapi/linux/pkt_sched.h). */
const rootParent = 0xffff_ffff;
/** TCA_* and, inside the options of a token bucket filter, TCA_TBF_*. */
const attributes = { kind: 1, options: 2 } as const;
const bucketAttributes = { parameters: 1, rate64: 4 } as const;
/** struct tc_tbf_qopt begins with a struct tc_ratespec, whose last member is the rate; ~0 there: see TCA_TBF_RATE64. */
const rateOffset = 8;

/**
 * The rate to which each interface of the session's namespace is shaped by a token bucket filter at its root, in
 * bytes per second by interface index. Other disciplines shape by class, and have no single rate.
 */
export async function readShapedRates(session: NetlinkSession): Promise<ReadonlyMap<number, number>> {
  const action = 'list queueing disciplines';
  const messages = await session.dump({ action, type: types.getDiscipline, payload: Buffer.alloc(headerBytes) });
  return new Map(
    messages
      .filter((message) => message.type === types.newDiscipline)
      .map(decodeShapedRate)
      .filter((rate) => rate !== undefined),
  );
}

/** `undefined` for any other discipline, and for a tbf that is not at the root. */
export function decodeShapedRate({
  payload,
}: NetlinkMessage): readonly [index: number, bytesPerSecond: number] | undefined {
  if (payload.length < headerBytes) throw malformed(`a queueing discipline of ${payload.length} bytes`);
  const discipline = Attributes.decode(payload.subarray(headerBytes));
  if (payload.readUInt32LE(parentOffset) !== rootParent || discipline.text(attributes.kind) !== 'tbf') return undefined;
  const options = discipline.nested(attributes.options);
  const parameters = options?.bytes(bucketAttributes.parameters);
  if (!options || !parameters || parameters.length < rateOffset + 4) throw malformed('a tbf without its rate');
  const bytesPerSecond = Number(options.u64(bucketAttributes.rate64) ?? parameters.readUInt32LE(rateOffset));
  return [payload.readInt32LE(interfaceIndexOffset), bytesPerSecond];
}
