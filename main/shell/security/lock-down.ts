import { app, protocol, type Session } from 'electron';
import { lockNavigation } from './navigation.ts';
import { blockNetwork, blockPeerConnections, noNameLookups } from './network.ts';
import { uiScheme } from './origin.ts';
import { denyPermissions } from './permissions.ts';

/**
 * Everything that has to be settled before Electron is ready. It holds for every page and every session of this process,
 * of any origin: the rules hang on their creation, not on our own code.
 */
export function lockDown(): void {
  app.enableSandbox();
  // No fetch, no service workers, no exemption from the content security policy: a page of this scheme is served like
  // one of the web. More privileges have been a way around the same-origin policy (CVE-2026-70604).
  protocol.registerSchemesAsPrivileged([{ scheme: uiScheme, privileges: { standard: true, secure: true } }]);
  app.commandLine.appendSwitch(...noNameLookups);
  app.on('session-created', lockSession);
  app.on('web-contents-created', (_event, contents) => {
    lockNavigation(contents);
    blockPeerConnections(contents);
  });
}

function lockSession(session: Session): void {
  denyPermissions(session);
  blockNetwork(session, { inspector: !app.isPackaged });
}
