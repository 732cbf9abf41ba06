import { Button, Form, FormGroup, Modal, ModalBody, ModalFooter, ModalHeader, TextInput } from '@patternfly/react-core';
import { useState } from 'react';
import type { MigrationView } from '#contract/channels.ts';
import { useServices } from '#renderer/app/services.ts';

/** Asks for the guest's name before the copy on the destination is ended, which nothing brings back. */
export function GoBack({ record, onClose }: { record: MigrationView['record']; onClose: () => void }) {
  const { ask } = useServices();
  const [typed, setTyped] = useState('');
  const { id, guest, source, destination } = record;
  return (
    <Modal isOpen variant="small" aria-labelledby="go-back-title" aria-describedby="go-back-body" onClose={onClose}>
      <ModalHeader title={`Return ${guest} to ${source}?`} labelId="go-back-title" titleIconVariant="warning" />
      <ModalBody id="go-back-body">
        <p>
          The QEMU on {destination} holds the guest and has never run it. It is ended first; once it is proven gone,{' '}
          {source} resumes the guest where it stopped.
        </p>
        <Form onSubmit={(event) => event.preventDefault()}>
          <FormGroup label={`Type ${guest} to confirm`} fieldId="go-back-guest">
            <TextInput id="go-back-guest" value={typed} onChange={(_event, value) => setTyped(value)} />
          </FormGroup>
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button
          variant="danger"
          isDisabled={typed !== guest}
          onClick={() => {
            onClose();
            void ask('migration.go-back', { id });
          }}
        >
          Return it to {source}
        </Button>
        <Button variant="link" onClick={onClose}>
          Leave it as it is
        </Button>
      </ModalFooter>
    </Modal>
  );
}
