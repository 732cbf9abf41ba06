import { Label } from '@patternfly/react-core';
import { Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import type { MigrationView } from '#contract/channels.ts';
import type { Progress } from '#contract/progress.ts';
import { formatBytes, formatFraction } from '#contract/units.ts';
import { DataTable } from '#renderer/components/DataTable.tsx';
import { Panel } from '#renderer/components/Panel.tsx';
import type { Readings } from '#renderer/telemetry/readings.ts';

type Iteration = MigrationView['record']['iterations'][number];

interface ConvergencePanelProps {
  readonly record: MigrationView['record'];
  readonly readings: Readings | undefined;
}

/** Of many short iterations the last are shown; the rest are in the exported record. */
const shownIterations = 8;

const verdicts: Readonly<Record<Iteration['verdict'], string>> = {
  first: 'first',
  converging: 'converging',
  borderline: 'borderline',
  'not-converging': 'not converging',
};

/** Whether it will ever end: each iteration against the one before, and what is sent against what is dirtied. */
export function ConvergencePanel({ record, readings }: ConvergencePanelProps) {
  const { iterations, totals, outcome } = record;
  const uncounted = totals.iterations - (iterations.at(-1)?.iteration ?? 0);
  const shown = underWay(record, readings).slice(-shownIterations);
  const hidden = iterations.length - shown.length;
  return (
    <Panel title="Convergence">
      <DataTable label="Iterations">
        <Thead>
          <Tr>
            <Th className="sy-number">Iter.</Th>
            <Th className="sy-number">Dirtied</Th>
            <Th className="sy-number">Sent</Th>
            <Th className="sy-number">Left</Th>
            <Th>Verdict</Th>
          </Tr>
        </Thead>
        <Tbody>
          {shown.map((row) => (
            <Tr key={row.iteration}>
              <Td className="sy-number">{row.iteration}</Td>
              <Td className="sy-number">{row.verdict === 'first' ? '–' : formatBytes(row.dirtiedBytes)}</Td>
              <Td className="sy-number">{formatBytes(row.sentBytes)}</Td>
              <Td className="sy-number">{formatBytes(row.remainingBytes)}</Td>
              <Td className={row.verdict === 'not-converging' ? 'sy-danger' : ''}>{verdicts[row.verdict]}</Td>
            </Tr>
          ))}
        </Tbody>
      </DataTable>
      {hidden > 0 && <p className="sy-subtle">{hidden} earlier iterations are in the exported record.</p>}
      {outcome !== undefined && uncounted > 0 && (
        <p className="sy-subtle">
          QEMU counts {totals.iterations}: its last looks at the dirty memory are among them, which found next to
          nothing.
        </p>
      )}
      {outcome === undefined && readings?.progress && <Judgement progress={readings.progress} readings={readings} />}
    </Panel>
  );
}

/** The record counts as of its last entry; the iteration that runs now is brought up to the last sample. */
function underWay(
  { iterations, totals, outcome }: MigrationView['record'],
  readings: Readings | undefined,
): Iteration[] {
  const last = iterations.at(-1);
  if (!last || outcome !== undefined || readings?.iteration !== last.iteration || !readings.progress) return iterations;
  const sentSince = Math.max(0, (readings.transferredBytes ?? 0) - totals.transferredBytes);
  return [
    ...iterations.slice(0, -1),
    { ...last, sentBytes: last.sentBytes + sentSince, remainingBytes: readings.progress.remainingBytes },
  ];
}

function Judgement({ progress, readings }: { progress: Progress; readings: Readings }) {
  const { throughputBitsPerSecond, dirtyBitsPerSecond, cpuThrottleFraction: throttle } = readings;
  if (dirtyBitsPerSecond === undefined) {
    return <p className="sy-subtle">How fast the guest dirties its memory is known when the first iteration ends.</p>;
  }
  const { convergence } = progress;
  const ratio =
    dirtyBitsPerSecond > 0
      ? `sends ${(throughputBitsPerSecond / dirtyBitsPerSecond).toFixed(1)} × what the guest dirties`
      : 'the guest dirties nothing';
  return (
    <div className="sy-states">
      {convergence === 'converging' && (
        <Label variant="outline" status="success">
          Converging: {ratio}
        </Label>
      )}
      {convergence === 'borderline' && (
        <Label variant="outline" status="warning">
          Borderline: {ratio}
        </Label>
      )}
      {convergence === 'not-converging' && (
        <Label variant="outline" status="danger">
          Not converging: {ratio}
        </Label>
      )}
      {convergence === 'unknown' && <Label variant="outline">Nothing moves yet</Label>}
      {throttle !== undefined && throttle > 0 && (
        <Label variant="outline" status="info">
          CPU throttle {formatFraction(throttle)}
        </Label>
      )}
    </div>
  );
}
