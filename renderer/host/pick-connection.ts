import type { Connection } from './connection.ts';
import { desktopConnection } from './desktop.ts';
import { openBrowserSocket, webConnection } from './web.ts';

/** The one place that asks where this window lives; everything else sees a `Connection`. */
export function pickConnection(): Connection {
  return window.switchyard ? desktopConnection(window.switchyard) : webConnection(openBrowserSocket);
}
