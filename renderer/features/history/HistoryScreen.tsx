import {
  Button,
  EmptyState,
  EmptyStateBody,
  FormSelect,
  FormSelectOption,
  SearchInput,
  Spinner,
} from '@patternfly/react-core';
import { useState } from 'react';
import { useStore } from 'zustand';
import { navigate } from '#renderer/app/navigation.ts';
import { useServices } from '#renderer/app/services.ts';
import { ScreenTitle } from '#renderer/components/ScreenTitle.tsx';
import { outcomes } from '#renderer/components/words.ts';
import { filterRows, noFilter, type Filter } from './filter.ts';
import { HistoryTable } from './HistoryTable.tsx';

/** So many rows at once: the rest is a click, or a search, away. */
const rowsAPage = 50;

/** As many of the newest as the app is sent (main/app/board.ts). */
const mostRows = 1000;

/** Every migration on record: search, open, compare, export. */
export function HistoryScreen() {
  const { rows } = useServices();
  const known = useStore(rows);
  const [filter, setFilter] = useState<Filter>(noFilter);
  const [marked, setMarked] = useState<readonly string[]>([]);
  const [shown, setShown] = useState(rowsAPage);
  const found = filterRows(known.value ?? [], filter);
  const [first, second] = marked;
  return (
    <>
      <ScreenTitle
        name="History"
        about="Every migration of this machine’s Switchyard, also those started from a terminal."
        actions={
          <Button
            variant="secondary"
            isDisabled={first === undefined || second === undefined}
            onClick={() => {
              if (first !== undefined && second !== undefined)
                navigate({ screen: 'compare', one: first, other: second });
            }}
          >
            {marked.length < 2 ? 'Mark two to compare' : 'Compare the two'}
          </Button>
        }
      />
      <section className="sy-panel" aria-label="Migrations">
        <div className="sy-filters">
          <SearchInput
            placeholder="Guest, host, user or id"
            aria-label="Search the history"
            value={filter.search}
            onChange={(_event, search) => setFilter({ ...filter, search })}
            onClear={() => setFilter({ ...filter, search: '' })}
          />
          <OutcomeFilter filter={filter} onChange={setFilter} />
          <TransportFilter filter={filter} onChange={setFilter} />
          <output className="sy-subtle">
            {found.length} of {known.value?.length ?? 0}
          </output>
        </div>
        {!known.value && !known.failure && <Spinner aria-label="Loading the history" />}
        {known.failure && <p className="sy-danger">{known.failure.text}</p>}
        {known.value && found.length === 0 ? (
          <EmptyState
            titleText={known.value.length === 0 ? 'Nothing has been migrated yet' : 'Nothing matches'}
            headingLevel="h2"
          >
            <EmptyStateBody>
              {known.value.length === 0
                ? 'Every migration leaves its record here.'
                : 'Try other words, or another filter.'}
            </EmptyStateBody>
          </EmptyState>
        ) : (
          <HistoryTable
            rows={found.slice(0, shown)}
            marked={marked}
            onMark={(id, isMarked) =>
              // A third mark takes the place of the older of the two.
              setMarked(isMarked ? [...marked, id].slice(-2) : marked.filter((other) => other !== id))
            }
          />
        )}
        {found.length > shown && (
          <Button variant="link" onClick={() => setShown(shown + rowsAPage)}>
            Show {Math.min(rowsAPage, found.length - shown)} more
          </Button>
        )}
        {(known.value?.length ?? 0) >= mostRows && (
          <p className="sy-subtle">These are the newest. A terminal lists all: switchyard history --all</p>
        )}
      </section>
    </>
  );
}

interface FilterProps {
  readonly filter: Filter;
  readonly onChange: (filter: Filter) => void;
}

function OutcomeFilter({ filter, onChange }: FilterProps) {
  const values: readonly Filter['outcome'][] = [
    'any',
    'open',
    'done-on-destination',
    'safe-on-source',
    'paused-recoverable',
    'stopped-on-source',
    'lost',
    'unknown',
  ];
  const nameOf = (value: Filter['outcome']): string =>
    value === 'any' ? 'Any outcome' : value === 'open' ? 'Running' : outcomes[value].short;
  return (
    <FormSelect
      aria-label="Outcome"
      value={filter.outcome}
      onChange={(_event, value) => onChange({ ...filter, outcome: values.find((one) => one === value) ?? 'any' })}
    >
      {values.map((value) => (
        <FormSelectOption key={value} value={value} label={nameOf(value)} />
      ))}
    </FormSelect>
  );
}

function TransportFilter({ filter, onChange }: FilterProps) {
  const names = { any: 'Any transport', mptcp: 'MPTCP', tcp: 'TCP' } as const;
  const values = ['any', 'mptcp', 'tcp'] as const;
  return (
    <FormSelect
      aria-label="Transport"
      value={filter.transport}
      onChange={(_event, value) => onChange({ ...filter, transport: values.find((one) => one === value) ?? 'any' })}
    >
      {values.map((value) => (
        <FormSelectOption key={value} value={value} label={names[value]} />
      ))}
    </FormSelect>
  );
}
