import type { MigrationRecord } from '#contract/migration.ts';
import type { BitsPerSecond, Bytes, Fraction, Milliseconds } from '#contract/units.ts';
import { payloadCapacity, type Protocol } from './payload.ts';

/** Everything that was found out about one move of the demo. */
export interface Move {
  readonly record: MigrationRecord;
  /** The guest's longest silence over both serial ports; absent where it could not be heard. */
  readonly silenceMs: Milliseconds | undefined;
  readonly memory: Memory;
}

export type Memory =
  { readonly proven: true; readonly steps: number } | { readonly proven: false; readonly reason: string };

export interface MoveFigures {
  readonly migrationId: string;
  readonly from: string;
  readonly to: string;
  readonly negotiated: Protocol | 'none';
  readonly durationMs: Milliseconds;
  readonly transferredBytes: Bytes;
  readonly goodputBitsPerSecond: BitsPerSecond;
  /** What the links that this transport can use carry after headers. */
  readonly payloadCapacityBitsPerSecond?: BitsPerSecond;
  readonly payloadEfficiencyFraction?: Fraction;
  /** From the source's STOP to the destination seen running. */
  readonly guestDowntimeMs?: Milliseconds;
  /** As QEMU measured it. */
  readonly downtimeMs?: Milliseconds;
  /** As the guest felt it. */
  readonly silenceMs?: Milliseconds;
  readonly paths: readonly {
    readonly interface: string;
    readonly bytesSent: Bytes;
    readonly shareFraction: Fraction;
    readonly retransmits: number;
  }[];
  readonly memory: Memory;
}

export interface Comparison {
  readonly tcp: MoveFigures;
  readonly mptcp: MoveFigures;
  /** Goodput over goodput. */
  readonly speedUp: number;
}

export function compare(tcp: Move, mptcp: Move): Comparison {
  const [slow, fast] = [figures(tcp), figures(mptcp)];
  return { tcp: slow, mptcp: fast, speedUp: fast.goodputBitsPerSecond / slow.goodputBitsPerSecond };
}

function figures({ record, silenceMs, memory }: Move): MoveFigures {
  const { totals, transport, subflows } = record;
  const capacity = capacityFor(record);
  return {
    migrationId: record.id,
    from: record.source,
    to: record.destination,
    negotiated: transport.negotiated ?? 'none',
    durationMs: totals.durationMs,
    transferredBytes: totals.transferredBytes,
    goodputBitsPerSecond: totals.goodputBitsPerSecond,
    ...(capacity === undefined
      ? {}
      : {
          payloadCapacityBitsPerSecond: capacity,
          payloadEfficiencyFraction: totals.goodputBitsPerSecond / capacity,
        }),
    ...(totals.guestDowntimeMs === undefined ? {} : { guestDowntimeMs: totals.guestDowntimeMs }),
    ...(totals.downtimeMs === undefined ? {} : { downtimeMs: totals.downtimeMs }),
    ...(silenceMs === undefined ? {} : { silenceMs }),
    paths: subflows.map((subflow) => ({
      interface: subflow.interface ?? subflow.localAddress,
      bytesSent: subflow.bytesSent,
      shareFraction: subflow.shareFraction,
      retransmits: subflow.retransmits,
    })),
    memory,
  };
}

/** TCP has the one link that its connection took; MPTCP has them all. */
function capacityFor({ transport, paths, subflows }: MigrationRecord): BitsPerSecond | undefined {
  if (transport.negotiated === undefined) return undefined;
  const usable =
    transport.negotiated === 'mptcp'
      ? paths
      : paths.filter(({ sourceAddress }) => subflows.some(({ localAddress }) => localAddress === sourceAddress));
  return payloadCapacity(usable, transport.negotiated);
}
