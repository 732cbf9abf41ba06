// What `import ... from 'electron'` finds: the parts of Electron's main process that the shell uses.
export { app } from './app.ts';
export { BrowserWindow } from './browser-window.ts';
export { nativeTheme, Notification, powerMonitor, powerSaveBlocker, screen, shell } from './desktop.ts';
export { dialog } from './dialog.ts';
export { ipcMain } from './ipc-main.ts';
export { Menu } from './menu.ts';
export { protocol } from './protocol.ts';
export { session } from './session.ts';
