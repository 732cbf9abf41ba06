import { Alert, Button, Label, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useState } from 'react';
import type { LabView } from '#contract/lab.ts';
import { navigate } from '#renderer/app/navigation.ts';
import { useServices } from '#renderer/app/services.ts';
import { ServerIcon } from '#renderer/components/icons.ts';
import { Panel } from '#renderer/components/Panel.tsx';
import { LabLinks } from './LabLinks.tsx';
import { Name } from '#renderer/components/Name.tsx';

/** One lab: its two hosts, the links between them, and where the guest is. */
export function LabCard({ lab }: { lab: LabView }) {
  const [source, destination] = lab.hosts;
  return (
    <Panel title={`Lab “${lab.name}”`} aside={<RemoveLab lab={lab} />} className="sy-lab">
      <div className="sy-lab-picture">
        {source && <LabHost lab={lab} host={source} />}
        <LabLinks lab={lab} />
        {destination && <LabHost lab={lab} host={destination} />}
      </div>
      <GuestActions lab={lab} />
    </Panel>
  );
}

function LabHost({ lab: { guest }, host: { id, addresses } }: { lab: LabView; host: LabView['hosts'][number] }) {
  return (
    <div className="sy-lab-host">
      <div className="sy-lab-host-name">
        <ServerIcon /> {id}
      </div>
      <div className="sy-subtle">{addresses.join(', ')}</div>
      {guest?.host === id && (
        <Label variant="outline" status={guest.state === 'running' ? 'success' : 'info'}>
          <Name of={guest.name} /> · {guest.state}
        </Label>
      )}
    </div>
  );
}

function GuestActions({ lab }: { lab: LabView }) {
  const { ask } = useServices();
  const [proof, setProof] = useState<{ readonly proven: boolean; readonly text: string }>();
  const [busy, setBusy] = useState(false);
  const { guest, hosts, name } = lab;
  const other = hosts.find(({ id }) => id !== guest?.host);
  const whyNot = guest?.host === undefined ? 'No guest runs in this lab.' : undefined;
  return (
    <>
      <div className="sy-actions">
        <Button
          isDisabled={whyNot !== undefined}
          onClick={() => {
            if (guest?.host === undefined || !other) return;
            navigate({ screen: 'migrate', move: { guest: guest.name, from: guest.host, to: other.id } });
          }}
        >
          Migrate <Name of={guest?.name} /> to <Name of={other?.id} />
        </Button>
        <Button
          variant="secondary"
          isLoading={busy}
          isDisabled={busy || whyNot !== undefined}
          onClick={() => {
            setBusy(true);
            void ask('lab.verify', { name }).then((answer) => {
              setProof(answer);
              setBusy(false);
            });
          }}
        >
          Verify the memory
        </Button>
        {whyNot !== undefined && <span className="sy-why">{whyNot}</span>}
      </div>
      {proof && (
        <Alert
          isInline
          variant={proof.proven ? 'success' : 'danger'}
          title={proof.proven ? 'Every page of the guest’s memory is as it must be' : 'The guest’s memory is not whole'}
        >
          {proof.text}
        </Alert>
      )}
    </>
  );
}

function RemoveLab({ lab: { name } }: { lab: LabView }) {
  const { ask, labs } = useServices();
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  return (
    <>
      <Button variant="link" size="sm" isDanger isLoading={busy} isDisabled={busy} onClick={() => setAsking(true)}>
        Remove the lab
      </Button>
      <Modal isOpen={asking} variant="small" aria-labelledby={`remove-${name}`} onClose={() => setAsking(false)}>
        <ModalHeader title={`Remove the lab “${name}”?`} labelId={`remove-${name}`} titleIconVariant="warning" />
        <ModalBody>Its guest ends, and its hosts and links go away. Records of its migrations stay.</ModalBody>
        <ModalFooter>
          <Button
            variant="danger"
            onClick={() => {
              setAsking(false);
              setBusy(true);
              void ask('lab.down', { name })
                .then(() => labs.refresh())
                .finally(() => setBusy(false));
            }}
          >
            Remove
          </Button>
          <Button variant="link" onClick={() => setAsking(false)}>
            Keep it
          </Button>
        </ModalFooter>
      </Modal>
    </>
  );
}
