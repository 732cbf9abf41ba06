import { SkipToContent } from '@patternfly/react-core';
import { CompareScreen } from '#renderer/features/history/CompareScreen.tsx';
import { HistoryScreen } from '#renderer/features/history/HistoryScreen.tsx';
import { HostsScreen } from '#renderer/features/hosts/HostsScreen.tsx';
import { LabScreen } from '#renderer/features/lab/LabScreen.tsx';
import { MigrateScreen } from '#renderer/features/migrate/MigrateScreen.tsx';
import { RunScreen } from '#renderer/features/run/RunScreen.tsx';
import { RunningScreen } from '#renderer/features/run/RunningScreen.tsx';
import { SettingsScreen } from '#renderer/features/settings/SettingsScreen.tsx';
import { Breakage } from './Breakage.tsx';
import { LineBanner } from './LineBanner.tsx';
import { useRoute } from './navigation.ts';
import { Notices } from './Notices.tsx';
import { toHash, type Route } from './routes.ts';
import { Sidebar } from './Sidebar.tsx';

export function App() {
  const route = useRoute();
  return (
    <div className="sy-app">
      <SkipToContent
        href="#content"
        onClick={(event) => {
          // The address behind # is the screen's: skipping must not leave it.
          event.preventDefault();
          document.querySelector<HTMLElement>('#content')?.focus();
        }}
      >
        Skip to content
      </SkipToContent>
      <Sidebar screen={route.screen} />
      <div className="sy-page">
        <LineBanner />
        <main id="content" tabIndex={-1} className="sy-main">
          <Breakage key={toHash(route)}>
            <CurrentScreen route={route} />
          </Breakage>
        </main>
      </div>
      <Notices />
    </div>
  );
}

function CurrentScreen({ route }: { route: Route }) {
  switch (route.screen) {
    case 'migrate':
      return <MigrateScreen move={route.move} />;
    case 'running':
      return <RunningScreen id={route.id} />;
    case 'history':
      return <HistoryScreen />;
    case 'run':
      return <RunScreen id={route.id} />;
    case 'compare':
      return <CompareScreen one={route.one} other={route.other} />;
    case 'hosts':
      return <HostsScreen />;
    case 'lab':
      return <LabScreen />;
    case 'settings':
      return <SettingsScreen />;
  }
}
