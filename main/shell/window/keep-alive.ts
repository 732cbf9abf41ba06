import { dialog, type BrowserWindow } from 'electron';
import { Crashes } from './crashes.ts';

const goesOn = 'Migrations continue: they do not depend on the window.';

/** A window whose page dies is given its page again; one that hangs is put to the operator. */
export function keepAlive(window: BrowserWindow): void {
  const crashes = new Crashes();
  const { webContents } = window;

  webContents.on('render-process-gone', (_event, { reason }) => {
    if (reason === 'clean-exit') return;
    if (crashes.mayReload(performance.now())) webContents.reload();
    else void askAfterCrashes();
  });

  window.on('unresponsive', () => void askWhileHanging());

  async function askAfterCrashes(): Promise<void> {
    const { response } = await dialog.showMessageBox(window, {
      type: 'error',
      message: 'The window has crashed several times.',
      detail: goesOn,
      buttons: ['Load it again', 'Close the window'],
      defaultId: 0,
      cancelId: 1,
    });
    if (window.isDestroyed()) return;
    if (response === 1) return window.close();
    crashes.forget();
    webContents.reload();
  }

  async function askWhileHanging(): Promise<void> {
    const { response } = await dialog.showMessageBox(window, {
      type: 'warning',
      message: 'The window does not respond.',
      detail: goesOn,
      buttons: ['Load it again', 'Wait'],
      defaultId: 1,
      cancelId: 1,
    });
    if (response !== 0 || window.isDestroyed()) return;
    webContents.forcefullyCrashRenderer();
  }
}
