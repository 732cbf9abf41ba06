import { Alert, AlertActionCloseButton, AlertGroup } from '@patternfly/react-core';
import { useStore } from 'zustand';
import { useServices } from './services.ts';

const goodNewsForMs = 8_000;

/** What happened just now, in the corner, read out by screen readers. */
export function Notices() {
  const { notices } = useServices();
  const list = useStore(notices);
  return (
    <AlertGroup isToast isLiveRegion>
      {list.map(({ id, kind, text, remedy }) => (
        <Alert
          key={id}
          variant={kind}
          title={text}
          timeout={kind === 'success' ? goodNewsForMs : false}
          onTimeout={() => notices.dismiss(id)}
          actionClose={<AlertActionCloseButton onClose={() => notices.dismiss(id)} />}
        >
          {remedy}
        </Alert>
      ))}
    </AlertGroup>
  );
}
