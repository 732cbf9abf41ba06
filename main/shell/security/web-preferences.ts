import type { WebPreferences } from 'electron';

/**
 * What every window is given, written out although most of it is Electron's default: a default may change with a release,
 * and a reviewer need not know them by heart. Nothing here depends on input.
 */
export const webPreferences = {
  sandbox: true,
  contextIsolation: true,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  nodeIntegrationInSubFrames: false,
  webSecurity: true,
  allowRunningInsecureContent: false,
  experimentalFeatures: false,
  webviewTag: false,
  plugins: false,
  navigateOnDragDrop: false,
  safeDialogs: true,
  // A middle click opens a window; there is none to open.
  disableBlinkFeatures: 'Auxclick',
  // On Linux the spell checker fetches its dictionaries from a server.
  spellcheck: false,
} as const satisfies WebPreferences;
