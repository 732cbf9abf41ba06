import { Badge, Nav, NavItem, NavList } from '@patternfly/react-core';
import { useStore } from 'zustand';
import { Brand } from './Brand.tsx';
import { toHash, type Screen } from './routes.ts';
import { useServices } from './services.ts';

interface Entry {
  readonly screen: Exclude<Screen, 'run' | 'compare'>;
  readonly name: string;
}

const entries: readonly Entry[] = [
  { screen: 'migrate', name: 'Migrate' },
  { screen: 'running', name: 'Running' },
  { screen: 'history', name: 'History' },
  { screen: 'hosts', name: 'Hosts' },
  { screen: 'lab', name: 'Lab' },
];

export function Sidebar({ screen }: { screen: Screen }) {
  const { rows } = useServices();
  const running = useStore(rows, ({ value }) => value?.filter(({ open }) => open).length ?? 0);
  const active = screen === 'run' || screen === 'compare' ? 'history' : screen;
  const item = (entry: Entry) => (
    <NavItem key={entry.screen} to={toHash({ screen: entry.screen })} isActive={active === entry.screen}>
      {entry.name}
      {entry.screen === 'running' && running > 0 && (
        <Badge className="sy-nav-badge" screenReaderText="running now">
          {running}
        </Badge>
      )}
    </NavItem>
  );
  return (
    <header className="sy-sidebar">
      <Brand />
      <Nav aria-label="Screens">
        <NavList>{entries.map(item)}</NavList>
        <NavList className="sy-nav-last">{item({ screen: 'settings', name: 'Settings' })}</NavList>
      </Nav>
    </header>
  );
}
