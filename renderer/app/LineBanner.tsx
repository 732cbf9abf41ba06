import { Banner } from '@patternfly/react-core';
import { useStore } from 'zustand';
import { useServices } from './services.ts';

/** Shown while the window cannot hear main: what it shows is old then. */
export function LineBanner() {
  const { connection } = useServices();
  const link = useStore(connection.link);
  if (link !== 'lost') return undefined;
  return (
    <Banner color="red" screenReaderText="Danger" role="alert">
      The connection to Switchyard is lost; trying again. Migrations under way continue without this window. If
      Switchyard was started again, open the new address that it printed.
    </Banner>
  );
}
