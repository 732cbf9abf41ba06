import { Button } from '@patternfly/react-core';
import { Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useRef, useState } from 'react';
import type { HostFacts, MptcpEndpoint } from '#contract/host.ts';
import type { HostMptcpChange } from '#contract/requests.ts';
import { ActionMenu } from '#renderer/components/ActionMenu.tsx';
import { DataTable } from '#renderer/components/DataTable.tsx';
import { AddEndpoint } from './AddEndpoint.tsx';
import { backupChange, freePlaces, isKernelsOwn, whyNoFurther, type Place } from './endpoint-choices.ts';
import { LimitsFields } from './LimitsFields.tsx';
import { ProposedChange } from './ProposedChange.tsx';

/** What is being done to an endpoint, or to the list of them; one thing at a time. */
type Draft =
  | { readonly kind: 'add'; readonly first: Place }
  | { readonly kind: 'change'; readonly change: HostMptcpChange; readonly text: string };

interface MptcpEditorProps {
  readonly host: HostFacts;
  /** Why nothing may be changed now. */
  readonly whyNot: string | undefined;
}

/** The kernel's MPTCP settings of one host, to be changed. Each choice is shown as a command before it is done. */
export function MptcpEditor({ host, whyNot }: MptcpEditorProps) {
  const { id, mptcp } = host;
  const [draft, setDraft] = useState<Draft>();
  const add = useRef<HTMLButtonElement>(null);
  const whyNoMore = whyNoFurther(host);
  const [firstFree] = freePlaces(host);
  const close = (): void => {
    setDraft(undefined);
    add.current?.focus();
  };
  return (
    <section className="sy-mptcp" aria-label={`MPTCP settings of ${id}`}>
      <h3 className="sy-chart-title">MPTCP limits</h3>
      {mptcp.limits && <LimitsFields host={host} limits={mptcp.limits} whyNot={whyNot} />}
      <h3 className="sy-chart-title">MPTCP endpoints</h3>
      {mptcp.endpoints.length === 0 ? (
        <p className="sy-subtle">None.</p>
      ) : (
        <Endpoints
          host={host}
          onPropose={(change, text) => setDraft({ kind: 'change', change, text })}
          whyNot={whyNot}
        />
      )}
      {draft?.kind === 'change' && (
        <ProposedChange
          key={JSON.stringify(draft.change)}
          host={host}
          label={draft.text}
          change={draft.change}
          whyNot={whyNot}
          takesFocus
          onClose={close}
        >
          <p>{draft.text}</p>
        </ProposedChange>
      )}
      {draft?.kind === 'add' && <AddEndpoint host={host} first={draft.first} whyNot={whyNot} onClose={close} />}
      <div className="sy-actions">
        <Button
          ref={add}
          variant="secondary"
          size="sm"
          isAriaDisabled={whyNoMore !== undefined || draft?.kind === 'add'}
          onClick={() => {
            if (firstFree) setDraft({ kind: 'add', first: firstFree });
          }}
        >
          Add endpoint
        </Button>
        {whyNoMore !== undefined && <span className="sy-why">{whyNoMore}</span>}
      </div>
    </section>
  );
}

interface EndpointsProps {
  readonly host: HostFacts;
  readonly whyNot: string | undefined;
  readonly onPropose: (change: HostMptcpChange, text: string) => void;
}

function Endpoints({ host: { id, mptcp }, whyNot, onPropose }: EndpointsProps) {
  return (
    <DataTable label={`MPTCP endpoints of ${id}`}>
      <Thead>
        <Tr>
          <Th className="sy-number">Id</Th>
          <Th>Address</Th>
          <Th>Interface</Th>
          <Th>Flags</Th>
          <Th screenReaderText="Actions" />
        </Tr>
      </Thead>
      <Tbody>
        {mptcp.endpoints.map((endpoint) => (
          <Tr key={endpoint.id}>
            <Td className="sy-number">{endpoint.id}</Td>
            <Td>{endpoint.address}</Td>
            <Td>{endpoint.interface ?? 'any'}</Td>
            <Td>
              {[...endpoint.flags, ...(endpoint.port === undefined ? [] : [`port ${endpoint.port}`])].join(' ') || '–'}
            </Td>
            <Td isActionCell>
              <EndpointMenu endpoint={endpoint} whyNot={whyNot} onPropose={onPropose} />
            </Td>
          </Tr>
        ))}
      </Tbody>
    </DataTable>
  );
}

interface EndpointMenuProps extends Omit<EndpointsProps, 'host'> {
  readonly endpoint: MptcpEndpoint;
}

function EndpointMenu({ endpoint, whyNot, onPropose }: EndpointMenuProps) {
  const name = `endpoint ${endpoint.id} (${endpoint.address})`;
  const isBackup = endpoint.flags.includes('backup');
  const why = isKernelsOwn(endpoint) ? 'The kernel’s own note of an address that is in use.' : whyNot;
  const action = (word: string, about: string, change: HostMptcpChange, text: string) => ({
    name: word,
    about: why ?? about,
    possible: why === undefined,
    onAct: () => onPropose(change, text),
  });
  return (
    <ActionMenu
      label={`Actions for ${name}`}
      actions={[
        isBackup
          ? action(
              'Clear the backup mark',
              'Its path carries data beside the others.',
              backupChange(endpoint, false),
              `Clear the backup mark of ${name}: at once, also for existing connections.`,
            )
          : action(
              'Mark as backup',
              'Its path carries data only while no other one does.',
              backupChange(endpoint, true),
              `Mark ${name} as backup: at once, also for existing connections.`,
            ),
        action(
          'Remove',
          'Subflows that use it are closed.',
          { kind: 'remove-endpoint', endpoint },
          `Remove ${name}: subflows that use it are closed at once.`,
        ),
      ]}
    />
  );
}
