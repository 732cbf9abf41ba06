import { createStore } from 'zustand/vanilla';
import type { Host } from '#contract/channels.ts';
import type { Connection, LinkState } from './connection.ts';

declare global {
  interface Window {
    /** The preload's bridge: there in the desktop app, and nowhere else. */
    readonly switchyard?: Host;
  }
}

/** The desktop app: the bridge lives exactly as long as the window, so the line never breaks. */
export function desktopConnection(host: Host): Connection {
  return {
    host,
    link: createStore<LinkState>(() => 'open'),
    onOpen(listener) {
      listener();
      return () => undefined;
    },
  };
}
