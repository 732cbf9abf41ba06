import { formatBitsPerSecond, formatBytes, formatDurationMs, formatFraction } from '#contract/units.ts';
import { table } from '#main/cli/view/table.ts';
import type { Comparison, Memory, MoveFigures } from './comparison.ts';

/** Both moves side by side. */
export function comparisonLines({ tcp, mptcp, speedUp }: Comparison): string {
  const row = (name: string, value: (move: MoveFigures) => string): string[] => [name, value(tcp), value(mptcp)];
  const interfaces = [...new Set([...tcp.paths, ...mptcp.paths].map((path) => path.interface))].toSorted();
  return table(
    ['', 'one link, TCP', 'both links, MPTCP'],
    [
      row('Negotiated', ({ negotiated }) => negotiatedWords[negotiated]),
      row('Duration', ({ durationMs }) => formatDurationMs(durationMs)),
      row('Transferred', ({ transferredBytes }) => formatBytes(transferredBytes)),
      row('Goodput', ({ goodputBitsPerSecond }) => formatBitsPerSecond(goodputBitsPerSecond)),
      row('Of what the links carry', ({ payloadEfficiencyFraction }) =>
        optional(payloadEfficiencyFraction, (fraction) => `${(fraction * 100).toFixed(1)} %`),
      ),
      row('Downtime of the guest', ({ guestDowntimeMs }) => optional(guestDowntimeMs, formatDurationMs)),
      row('Silence of the guest', ({ silenceMs }) => optional(silenceMs, formatDurationMs)),
      row('Downtime, by QEMU', ({ downtimeMs }) => optional(downtimeMs, formatDurationMs)),
      ...interfaces.map((name) => row(`Share of ${name}`, (move) => shareOf(name, move))),
      row('Memory', ({ memory }) => memoryWords(memory)),
      ['Speed-up', '', `${speedUp.toFixed(2)} times`],
    ],
  );
}

const negotiatedWords = { tcp: 'TCP', mptcp: 'Multipath TCP', none: 'nothing' } as const;

function optional<Value>(value: Value | undefined, format: (value: Value) => string): string {
  return value === undefined ? 'not measured' : format(value);
}

function shareOf(name: string, { paths }: MoveFigures): string {
  const shares = paths.filter((path) => path.interface === name).map(({ shareFraction }) => shareFraction);
  return shares.length === 0 ? '-' : formatFraction(shares.reduce((sum, share) => sum + share, 0));
}

function memoryWords(memory: Memory): string {
  return memory.proven ? 'proven' : `NOT proven: ${memory.reason}`;
}
