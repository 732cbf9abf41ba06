/** Where the operator is. In the address behind `#`, so that a reload comes back to it. */
export type Route =
  | { readonly screen: 'migrate'; readonly move?: Move }
  | { readonly screen: 'running'; readonly id?: string }
  | { readonly screen: 'history' }
  | { readonly screen: 'run'; readonly id: string }
  | { readonly screen: 'compare'; readonly one: string; readonly other: string }
  | { readonly screen: 'hosts' }
  | { readonly screen: 'lab' }
  | { readonly screen: 'settings' };

export type Screen = Route['screen'];

/** What the Migrate screen is to begin with. */
export interface Move {
  readonly guest: string;
  readonly from: string;
  readonly to: string;
}

export function toHash(route: Route): string {
  switch (route.screen) {
    case 'migrate':
      return route.move ? `#/migrate?${new URLSearchParams({ ...route.move }).toString()}` : '#/migrate';
    case 'running':
      return route.id === undefined ? '#/running' : `#/running/${route.id}`;
    case 'run':
      return `#/history/${route.id}`;
    case 'compare':
      return `#/compare/${route.one}/${route.other}`;
    case 'history':
    case 'hosts':
    case 'lab':
    case 'settings':
      return `#/${route.screen}`;
  }
}

/** An unknown address leads to the first screen. */
export function fromHash(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const [screen, first, second] = path.split('/').map(decoded);
  switch (screen) {
    case 'running':
      return first ? { screen, id: first } : { screen };
    case 'history':
      return first ? { screen: 'run', id: first } : { screen };
    case 'compare':
      return first && second ? { screen, one: first, other: second } : { screen: 'history' };
    case 'hosts':
    case 'lab':
    case 'settings':
      return { screen };
    default: {
      const wish = new URLSearchParams(query);
      const [guest, from, to] = [wish.get('guest'), wish.get('from'), wish.get('to')];
      return guest && from && to ? { screen: 'migrate', move: { guest, from, to } } : { screen: 'migrate' };
    }
  }
}

/** An address can be anything: what cannot be decoded is taken as it stands. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
