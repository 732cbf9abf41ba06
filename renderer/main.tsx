import '@patternfly/react-core/dist/styles/base.css';
import './app/app.css';
import { createRoot } from 'react-dom/client';
import { App } from './app/App.tsx';
import { makeServices, ServicesContext } from './app/services.ts';
import { applyTheme } from './app/theme.ts';
import { pickConnection } from './host/pick-connection.ts';

const services = makeServices(pickConnection(), localStorage);
applyTheme(services.preferences);

const root = document.querySelector('#root');
if (!root) throw new Error('index.html has lost its root');
createRoot(root).render(
  <ServicesContext value={services}>
    <App />
  </ServicesContext>,
);
