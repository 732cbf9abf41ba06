import { useSyncExternalStore } from 'react';
import { fromHash, toHash, type Route } from './routes.ts';

export function navigate(route: Route): void {
  location.hash = toHash(route);
}

export function useRoute(): Route {
  return fromHash(useSyncExternalStore(onHashChange, () => location.hash));
}

function onHashChange(listener: () => void): () => void {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
}
