import { constants } from 'node:os';
import type { Side } from '#contract/migration.ts';
import { type Evidence, type Finding, risen, type SideEvidence, sysctl } from './evidence.ts';

const { ECONNRESET } = constants.errno;
/** What a silent subflow leaves unacknowledged is sent again on the others within a second, and is no hang. */
const hangsAfterMs = 1500;

type Recogniser = (evidence: Evidence) => Finding | undefined;

/**
 * Why this connection is TCP although MPTCP was wanted, or why it hangs; `undefined` when nothing explains it, or when
 * there is nothing to explain. The surest signs are looked at first.
 */
export function findFallback(evidence: Evidence): Finding | undefined {
  const recognisers = evidence.connection.protocol === 'tcp' ? fellBack : hangs;
  for (const recognise of recognisers) {
    const finding = recognise(evidence);
    if (finding) return finding;
  }
  return undefined;
}

const fellBack: readonly Recogniser[] = [
  ({ source, destination }) => withoutMptcp('destination', destination) ?? withoutMptcp('source', source),

  ({ source, destination, socketOwner }) =>
    socketOwner === 'app' ? undefined : (qemuWithout('destination', destination) ?? qemuWithout('source', source)),

  ({ source }) =>
    risen(source, 'MPCapableSYNTXDisabled') > 0
      ? {
          kind: 'blackhole-remembered',
          side: 'source',
          sentence: `${source.host.id} has stopped offering MPTCP for a while, because such packets were dropped before: let TCP option 30 through every firewall between the hosts, then make it forget.`,
          command: forgetBlackholes(source),
        }
      : undefined,

  ({ source }) =>
    risen(source, 'Blackhole') > 0
      ? {
          kind: 'first-packet-dropped',
          side: 'source',
          sentence: `Something between the hosts drops packets that offer MPTCP, and ${source.host.id} will not offer it again for a while: let TCP option 30 through every firewall on the way, then make it forget.`,
          command: forgetBlackholes(source),
        }
      : undefined,

  ({ source, destination }) =>
    risen(source, 'MPCapableSYNTXDrop') > 0
      ? {
          kind: 'first-packet-dropped',
          side: 'source',
          sentence: `The packets that offered MPTCP were not answered and the one without the offer was: packets were lost, or something between ${source.host.id} and ${destination.host.id} drops TCP option 30. The next connection offers MPTCP again.`,
        }
      : undefined,

  ({ source, destination, connection }) =>
    risen(source, 'MPCapableDataFallback') > 0 ||
    (connection.wasMptcp && risen(destination, 'MPCapableFallbackACK') > 0)
      ? {
          kind: 'options-stripped-from-data',
          side: 'source',
          sentence: `${source.host.id} and ${destination.host.id} agreed on MPTCP, but something between them removes TCP option 30 from the packets with data.`,
        }
      : undefined,

  ({ source, destination, listener }) => {
    if (risen(source, 'MPCapableFallbackSYNACK') === 0) return undefined;
    if (risen(destination, 'MPCapableSYNRX') > 0) {
      return {
        kind: 'options-stripped',
        side: 'destination',
        sentence: `Something between the hosts removes TCP option 30 from what ${destination.host.id} answers.`,
      };
    }
    return listener.mptcp
      ? {
          kind: 'options-stripped',
          side: 'source',
          sentence: `Something between the hosts removes TCP option 30 from what ${source.host.id} sends: ${destination.host.id} listens with MPTCP and saw no offer.`,
        }
      : undefined;
  },

  ({ destination, listener }) =>
    listener.mptcp
      ? undefined
      : {
          kind: 'destination-not-mptcp',
          side: 'destination',
          sentence: `The QEMU on ${destination.host.id} listens without MPTCP: its address must end in ",mptcp=on".`,
        },

  ({ source, connection }) =>
    !connection.fallback && risen(source, 'MPCapableSYNTX') === 0
      ? {
          kind: 'source-not-mptcp',
          side: 'source',
          sentence: `The QEMU on ${source.host.id} connected without MPTCP: the address it migrates to must end in ",mptcp=on".`,
        }
      : undefined,
];

/** The source never learns of these: to itself the connection still is MPTCP. */
const hangs: readonly Recogniser[] = [
  ({ source, destination, connection }) =>
    connection.stalledMs >= hangsAfterMs && risen(source, 'MPTCPRetrans') > 0 && risen(destination, 'DssFallback') > 0
      ? {
          kind: 'options-stripped-later',
          side: 'source',
          sentence: `Something between the hosts began to remove TCP option 30, and ${destination.host.id} continued as plain TCP: this connection cannot recover. Cancel the migration and start it again.`,
        }
      : undefined,

  // With more than one subflow the peer does not go over to TCP: it ends each that comes through without the option. A
  // process that dies there ends the connection as a whole (MP_FASTCLOSE).
  ({ source, destination, connection }) =>
    connection.subflows.length === 0 &&
    connection.closed.some(({ errno }) => errno === ECONNRESET) &&
    risen(destination, 'MPRstTx') > 0 &&
    risen(source, 'MPFastcloseRx') === 0
      ? {
          kind: 'options-stripped-later',
          side: 'source',
          sentence: `Something between the hosts began to remove TCP option 30, and ${destination.host.id} ended every path of this connection: it can not recover. Cancel the migration and start it again.`,
        }
      : undefined,

  // TCP's own acknowledgements come through: only those of MPTCP, which are options, do not. Where no program reads at the
  // other end, both stop at the same byte.
  ({ source, destination, connection }) =>
    connection.stalledMs >= hangsAfterMs &&
    connection.bytesUnconfirmed > 0 &&
    connection.subflows.some(({ state }) => state === 'active') &&
    risen(source, 'MPTCPRetrans') > 0
      ? {
          kind: 'options-stripped-later',
          side: 'destination',
          sentence: `Something between the hosts began to remove TCP option 30 from what ${destination.host.id} answers, so nothing that arrives there counts: let the option through again, or cancel the migration.`,
        }
      : undefined,
];

function withoutMptcp(side: Side, { host }: SideEvidence): Finding | undefined {
  if (host.mptcp.usable) return undefined;
  const { reason, remedy } = host.mptcp;
  return {
    kind: 'kernel-without-mptcp',
    side,
    sentence: `The kernel of ${host.id} does not speak MPTCP: ${reason ?? 'it gives no reason.'}`,
    ...(remedy === undefined ? {} : { command: remedy }),
  };
}

function qemuWithout(side: Side, { host }: SideEvidence): Finding | undefined {
  if (host.qemu?.mptcp !== false) return undefined;
  return {
    kind: 'qemu-without-mptcp',
    side,
    sentence: `QEMU ${host.qemu.version} on ${host.id} has no mptcp option: install QEMU 6.1 or later there, or let Switchyard make the connection (--socket app).`,
  };
}

/** The kernel forgets its blackholes whenever this is written, also with the value it has. */
function forgetBlackholes(source: SideEvidence): string {
  return `sysctl -w net.mptcp.blackhole_timeout=${sysctl(source, 'mptcp/blackhole_timeout') ?? 3600}`;
}
