import { join } from 'node:path';
import { BrowserWindow, nativeTheme, screen, type Session } from 'electron';
import { webPreferences } from '#main/shell/security/web-preferences.ts';
import { windowIcon } from './icon.ts';
import { placeWindow, smallest, type Rectangle } from './window-state.ts';
import type { WindowStateFile } from './window-state-file.ts';

export interface MainWindowOptions {
  readonly session: Session;
  readonly stateFile: WindowStateFile;
  /** Chromium's inspector can be opened: in a checkout, never in a package. */
  readonly inspector: boolean;
}

/** PatternFly's own page colours, so that nothing flashes before the page has been drawn. */
const pageColours = { light: '#f2f2f2', dark: '#151515' } as const;

/** The only place where a window is made. It is shown once it has something to show. */
export function createMainWindow({ session, stateFile, inspector }: MainWindowOptions): BrowserWindow {
  const { bounds, maximized } = placeWindow(stateFile.read(), workAreas());
  const window = new BrowserWindow({
    ...bounds,
    minWidth: smallest.width,
    minHeight: smallest.height,
    show: false,
    title: 'Switchyard',
    icon: windowIcon,
    backgroundColor: nativeTheme.shouldUseDarkColors ? pageColours.dark : pageColours.light,
    webPreferences: {
      ...webPreferences,
      session,
      preload: join(import.meta.dirname, '../preload/index.cjs'),
      devTools: inspector,
    },
  });
  window.once('ready-to-show', () => {
    if (maximized) window.maximize();
    window.show();
  });
  window.on('close', () => stateFile.write({ bounds: window.getNormalBounds(), maximized: window.isMaximized() }));
  return window;
}

function workAreas(): [Rectangle, ...Rectangle[]] {
  const first = screen.getPrimaryDisplay();
  const others = screen.getAllDisplays().filter((display) => display.id !== first.id);
  return [first.workArea, ...others.map((display) => display.workArea)];
}
