import { Button, Checkbox, ExpandableSection, Radio } from '@patternfly/react-core';
import { Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import type { HostFacts } from '#contract/host.ts';
import type { LeftOutPair, Path } from '#contract/migration.ts';
import type { PathChoice } from '#contract/path-choice.ts';
import { formatBitsPerSecond } from '#contract/units.ts';
import { DataTable } from '#renderer/components/DataTable.tsx';
import { Name } from '#renderer/components/Name.tsx';
import { Measured } from './Measured.tsx';
import { beginningOn, choiceInWords, excluding, including, rowsOf, type PathRow } from './path-choice.ts';
import { sumInWords } from './path-sums.ts';

export interface ChosenPaths {
  readonly choice: PathChoice | undefined;
  readonly onChoose: (choice: PathChoice | undefined) => void;
  readonly source: HostFacts | undefined;
  readonly to: string;
}

interface PathTableProps extends ChosenPaths {
  readonly paths: readonly Path[];
  readonly leftOut: readonly LeftOutPair[];
  readonly multipath: boolean;
}

/** Every path, with a box to leave it out and a mark for the one that the connection begins on; and what is no path, and why. */
export function PathTable({ paths, leftOut, multipath, choice, onChoose, source, to }: PathTableProps) {
  const others = leftOut.filter(({ reason }) => reason !== 'excluded-by-operator');
  const rows = rowsOf(paths, leftOut, source);
  const used = multipath ? paths : paths.slice(0, 1);
  if (rows.length === 0) {
    return (
      <div>
        <p className="sy-subtle">No path has been found between these two hosts yet.</p>
        <NotUsed pairs={others} />
      </div>
    );
  }
  return (
    <div>
      <DataTable label="Paths" className="sy-path-table">
        <Thead>
          <Tr>
            <Th>Use</Th>
            <Th>First</Th>
            <Th>Interfaces</Th>
            <Th>From, to</Th>
            <Th className="sy-number">Speed</Th>
            <Th className="sy-number">MTU</Th>
          </Tr>
        </Thead>
        <Tbody>
          {rows.map((row) => (
            <PathLine
              key={`${row.sourceAddress} ${row.destinationAddress}`}
              row={row}
              first={paths[0]}
              isUsed={row.path !== undefined && used.includes(row.path)}
              isOnly={paths.length === 1}
              choice={choice}
              onChoose={onChoose}
            />
          ))}
        </Tbody>
      </DataTable>
      <Sum paths={paths} used={used} multipath={multipath} />
      {choice && source && (
        <p className="sy-subtle">
          Remembered for <Name of={source.id} /> to <Name of={to} />: {choiceInWords(choice)}.{' '}
          <Button variant="link" isInline onClick={() => onChoose(undefined)}>
            Use all paths
          </Button>
        </p>
      )}
      <NotUsed pairs={others} />
    </div>
  );
}

interface PathLineProps extends Pick<ChosenPaths, 'choice' | 'onChoose'> {
  readonly row: PathRow;
  readonly first: Path | undefined;
  readonly isUsed: boolean;
  /** No other is left: it cannot be left out. */
  readonly isOnly: boolean;
}

function PathLine({ row, first, isUsed, isOnly, choice, onChoose }: PathLineProps) {
  const { name, path, sourceAddress, destinationInterface, destinationAddress, speedBitsPerSecond: speed, mtu } = row;
  const isChosen = choice?.without?.includes(name) !== true;
  const id = `${name} ${sourceAddress} ${destinationAddress}`.replaceAll(/[^\w-]/g, '-');
  return (
    <Tr className={isUsed ? '' : 'sy-unused'}>
      <Td>
        <Checkbox
          id={`use-${id}`}
          aria-label={`Use ${name}`}
          isChecked={isChosen}
          isDisabled={isChosen && isOnly && path !== undefined}
          onChange={(_event, on) => onChoose(on ? including(choice, name) : excluding(choice, name))}
        />
      </Td>
      <Td>
        <Radio
          id={`first-${id}`}
          name="first-path"
          aria-label={`Begin on ${name}`}
          isChecked={choice?.first === undefined ? path !== undefined && path === first : choice.first === name}
          onChange={() => onChoose(beginningOn(choice, name))}
        />
      </Td>
      <Td>{name === destinationInterface ? name : `${name} → ${destinationInterface}`}</Td>
      <Td>
        {sourceAddress} → {destinationAddress}
        {path === undefined
          ? ' (left out)'
          : isUsed
            ? path.backup && ' (backup: much slower than the fastest)'
            : ' (not used by plain TCP)'}
        {path?.probe && <Measured probe={path.probe} />}
      </Td>
      <Td className="sy-number">{speed === undefined ? 'unknown' : formatBitsPerSecond(speed)}</Td>
      <Td className="sy-number">{mtu}</Td>
    </Tr>
  );
}

function Sum({ paths, used, multipath }: Pick<PathTableProps, 'paths' | 'multipath'> & { used: readonly Path[] }) {
  const [first] = paths;
  return (
    <p className="sy-path-sum">
      <strong>{sumInWords(used)}</strong>
      {multipath && paths.length > 1 && first?.speedBitsPerSecond !== undefined && (
        <span className="sy-subtle">
          {' '}
          one path alone:{' '}
          {formatBitsPerSecond(Math.max(...paths.map(({ speedBitsPerSecond = 0 }) => speedBitsPerSecond)))}
        </span>
      )}
    </p>
  );
}

/** Interfaces and pairs that carry nothing: closed, since most of them are as they should be. */
function NotUsed({ pairs }: { readonly pairs: readonly LeftOutPair[] }) {
  const [open, setOpen] = useState(false);
  if (pairs.length === 0) return undefined;
  return (
    <ExpandableSection
      toggleText={`Not used: ${pairs.length}`}
      isExpanded={open}
      onToggle={(_event, expanded) => setOpen(expanded)}
    >
      <ul className="sy-left-out">
        {pairs.map((pair) => (
          <li key={`${pair.reason} ${pair.text}`}>{pair.text}</li>
        ))}
      </ul>
    </ExpandableSection>
  );
}
