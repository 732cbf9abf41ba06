import { Alert, Button, Form } from '@patternfly/react-core';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { Failure } from '#contract/errors.ts';
import type { HostFacts } from '#contract/host.ts';
import { mptcpCommand, typedOn } from '#contract/mptcp-commands.ts';
import type { HostMptcpChange } from '#contract/requests.ts';
import { useServices } from '#renderer/app/services.ts';
import { Command } from '#renderer/components/Command.tsx';

interface ProposedChangeProps {
  readonly host: HostFacts;
  readonly label: string;
  /** What would be done, or why it cannot be as it stands; absent while nothing is proposed. */
  readonly change: HostMptcpChange | string | undefined;
  /** Why nothing may be changed on this host now. */
  readonly whyNot: string | undefined;
  /** The focus comes here: it has opened at some distance from what opened it. */
  readonly takesFocus?: boolean;
  /** It has been done, or given up. */
  readonly onClose: () => void;
  /** Fields, or a sentence about what it means. */
  readonly children: ReactNode;
}

/** A change that is not done yet: the very command stands there, to be applied or to be copied. */
export function ProposedChange({ host, label, change, whyNot, takesFocus, onClose, children }: ProposedChangeProps) {
  const { connection, hosts, notices } = useServices();
  const place = useRef<HTMLFormElement>(null);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<{ readonly of: string; readonly failure: Failure }>();
  const why = typeof change === 'string' ? change : whyNot;
  const command = typeof change === 'object' ? typedOn(host, mptcpCommand(change)) : undefined;
  useEffect(() => {
    if (takesFocus === true) place.current?.focus();
  }, [takesFocus]);
  const close = (): void => {
    // What had the focus goes away; closing the whole of it moves the focus on.
    place.current?.focus();
    onClose();
  };

  const apply = async (wished: HostMptcpChange, asCommand: string): Promise<void> => {
    setBusy(true);
    const answer = await connection.host.call('host.change-mptcp', { hostId: host.id, change: wished });
    setBusy(false);
    if (!answer.ok) {
      setRefused({ of: asCommand, failure: answer.error });
      // Another program may have been at it.
      void hosts.refresh();
      return;
    }
    hosts.apply((known) => known.map((each) => (each.id === answer.value.id ? answer.value : each)));
    notices.succeed(`Changed the MPTCP settings of ${host.id}.`);
    close();
  };

  return (
    <Form
      ref={place}
      aria-label={label}
      tabIndex={-1}
      className={takesFocus === true ? 'sy-proposal sy-proposal-apart' : 'sy-proposal'}
      onKeyDown={(event) => {
        if (event.key === 'Escape') close();
      }}
      onSubmit={(event) => {
        event.preventDefault();
        if (typeof change === 'object' && command !== undefined && why === undefined && !busy) {
          void apply(change, command);
        }
      }}
    >
      {children}
      {command !== undefined && <Command text={command} />}
      {refused !== undefined && refused.of === command && (
        <Alert isInline variant="danger" title={refused.failure.text}>
          {refused.failure.remedy}
        </Alert>
      )}
      {change !== undefined && (
        <div className="sy-actions">
          <Button type="submit" size="sm" isLoading={busy} isDisabled={busy || why !== undefined}>
            Apply
          </Button>
          <Button variant="link" size="sm" onClick={close}>
            Leave it
          </Button>
          {why !== undefined && <span className="sy-why">{why}</span>}
        </div>
      )}
    </Form>
  );
}
