// oxlint-disable-next-line no-restricted-imports -- types are erased: nothing is loaded, and nothing is downloaded
import type * as Electron from 'electron';
import type * as StandIn from './index.ts';

// The compiler's proof that the stand-in invents nothing: all that the shell finds here is there in Electron too, under
// the same name. (That the shell calls it rightly is proven by the shell's own types, which are Electron's.)

type Instance<Class> = Class extends abstract new (...args: never[]) => infer Made ? Made : never;

/** Names that the stand-in has and Electron has not, but for those by which a test drives it. */
type Invented<Mine, Real, Own extends PropertyKey = never> = Exclude<keyof Mine, keyof Real | Own>;

type Nothing<Names extends never> = Names;

export type InventedNames = [
  Nothing<Exclude<keyof typeof StandIn, keyof typeof Electron>>,
  Nothing<Invented<typeof StandIn.app, typeof Electron.app, 'windows' | 'surround' | 'becomeReady' | 'windowClosed'>>,
  Nothing<Invented<typeof StandIn.dialog, typeof Electron.dialog>>,
  Nothing<Invented<typeof StandIn.ipcMain, typeof Electron.ipcMain>>,
  Nothing<Invented<typeof StandIn.nativeTheme, typeof Electron.nativeTheme>>,
  Nothing<Invented<typeof StandIn.powerMonitor, typeof Electron.powerMonitor>>,
  Nothing<Invented<typeof StandIn.powerSaveBlocker, typeof Electron.powerSaveBlocker>>,
  Nothing<Invented<typeof StandIn.protocol, typeof Electron.protocol>>,
  Nothing<Invented<typeof StandIn.screen, typeof Electron.screen>>,
  Nothing<Invented<typeof StandIn.session, typeof Electron.session>>,
  Nothing<Invented<typeof StandIn.session.defaultSession, Electron.Session, 'partition' | DrivesSession>>,
  Nothing<Invented<typeof StandIn.shell, typeof Electron.shell>>,
  Nothing<Invented<Instance<typeof StandIn.BrowserWindow>, Electron.BrowserWindow, 'options' | 'progress'>>,
  Nothing<Invented<Instance<typeof StandIn.BrowserWindow>['webContents'], Electron.WebContents, DrivesContents>>,
  Nothing<Invented<Instance<typeof StandIn.Menu>, Electron.Menu, 'template'>>,
  Nothing<Invented<Instance<typeof StandIn.Notification>, Electron.Notification>>,
];

type DrivesSession = 'grants' | 'cancels' | 'serve' | 'stopsDownloads' | 'context';
type DrivesContents = 'loaded' | 'crash' | 'page' | 'forbids' | 'destroy';
