import { Button, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useState } from 'react';
import type { MigrationView } from '#contract/channels.ts';
import { useServices } from '#renderer/app/services.ts';
import { Name } from '#renderer/components/Name.tsx';

/** Asks before it cancels; where it cannot, it shows why. */
export function CancelButton({ view: { record, controls } }: { view: MigrationView }) {
  const { ask } = useServices();
  const [asking, setAsking] = useState(false);
  const { cancel } = controls;
  return (
    <div className="sy-cancel">
      <Button variant="secondary" isDanger isDisabled={!cancel.possible} onClick={() => setAsking(true)}>
        Cancel
      </Button>
      {!cancel.possible && <p className="sy-why">{cancel.why}</p>}
      <Modal
        isOpen={asking && cancel.possible}
        variant="small"
        aria-labelledby="cancel-title"
        aria-describedby="cancel-body"
        onClose={() => setAsking(false)}
      >
        <ModalHeader title="Cancel this migration?" labelId="cancel-title" titleIconVariant="warning" />
        <ModalBody id="cancel-body">
          <Name of={record.guest} /> continues to run on <Name of={record.source} />. What has been copied to{' '}
          <Name of={record.destination} /> is thrown away.
        </ModalBody>
        <ModalFooter>
          <Button
            variant="danger"
            onClick={() => {
              setAsking(false);
              void ask('migration.cancel', { id: record.id });
            }}
          >
            Cancel the migration
          </Button>
          <Button variant="link" onClick={() => setAsking(false)}>
            Let it continue
          </Button>
        </ModalFooter>
      </Modal>
    </div>
  );
}
