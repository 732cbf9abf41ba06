import type { JudgedFinding } from './finding.ts';
import type { Portrait } from './portrait.ts';
import { rows, type Row } from './rows.ts';

const absent = 'nothing';
const chosen = 'The operator has started the destination so; the guest does not see it.';

/**
 * Every way in which a QEMU that waits for a guest is not what the guest runs in now, by the rows of the table. Empty when
 * it is its likeness. A QEMU that the operator has started may have backends of its own. Pure: nothing is asked, nothing
 * is left out.
 */
export function compare(
  source: Portrait,
  twin: Portrait,
  startedBy: 'switchyard' | 'operator' = 'switchyard',
): readonly JudgedFinding[] {
  return rows.flatMap((row) => compareRow(row, source, twin, startedBy === 'operator'));
}

function compareRow(row: Row, source: Portrait, twin: Portrait, byOperator: boolean): readonly JudgedFinding[] {
  const [here, there] = [row.items(source), row.items(twin)];
  const names = new Set([...here.keys(), ...there.keys()]);
  return [...names].flatMap((item): JudgedFinding[] => {
    const [ours, theirs] = [here.get(item), there.get(item)];
    if (ours === theirs) return [];
    if (row.onlyShared === true && (ours === undefined || theirs === undefined)) return [];
    const reason =
      byOperator && row.ofHost?.(item) === true ? chosen : row.harmless?.(item, ours, theirs, { source, twin });
    return [
      {
        row: row.id,
        item,
        text: `${row.title} ${item}: the source has ${ours ?? absent}, the destination would have ${theirs ?? absent}.`,
        remedy: reason ?? row.remedy,
        verdict: reason === undefined ? 'refused' : 'harmless',
      },
    ];
  });
}
