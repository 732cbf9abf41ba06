import { BrowserWindow, type WebContents } from 'electron';
import { bridge } from '#contract/bridge.ts';
import type { AppWindow } from '#main/app/face.ts';

/** The windows that have joined the desk, each by the contents that speak for it. */
export class Windows {
  readonly #joined = new Map<WebContents, AppWindow>();

  /** Until its contents are gone, the desk knows this window, whatever happens to the page in it. */
  join({ webContents }: BrowserWindow, join: (window: AppWindow) => () => void): void {
    const window: AppWindow = {
      id: `window-${webContents.id}`,
      emit: (name, payload) => {
        if (!webContents.isDestroyed()) webContents.send(bridge.event, name, payload);
      },
    };
    const leave = join(window);
    this.#joined.set(webContents, window);
    webContents.once('destroyed', () => {
      this.#joined.delete(webContents);
      leave();
    });
  }

  of(contents: WebContents): AppWindow | undefined {
    return this.#joined.get(contents);
  }

  /** The window on the screen, for a dialog that belongs to it. */
  onScreen(window: AppWindow): BrowserWindow | undefined {
    const contents = [...this.#joined].find(([, joined]) => joined === window)?.[0];
    return (contents && BrowserWindow.fromWebContents(contents)) ?? undefined;
  }
}
