import { setTimeout as sleep } from 'node:timers/promises';
import { app } from './app.ts';
import { BrowserWindow } from './browser-window.ts';
import { cancellable } from './cancellable.ts';
import { activeBlockers, powerMonitor, shownNotifications } from './desktop.ts';
import { answerDialog, dialogCount, nextDialog, type OpenDialog } from './dialog.ts';
import { invoke, ipcChannels, type SenderFrame } from './ipc-main.ts';
import { clickMenu, menuRecord } from './menu.ts';
import { recorded, type Records } from './records.ts';
import { allSessions, session as electronSession } from './session.ts';
import type { WebContents } from './web-contents.ts';

/** A sender that is not the main frame of a window of ours. */
export type Stranger =
  | 'frame in the page'
  | 'another main frame'
  | 'foreign origin'
  | 'frame that has gone'
  | 'destroyed frame'
  | 'other contents';

/** What a test can do to an app and see of it. Plain data only: it crosses to another process. */
export const control = {
  records(): Records {
    return {
      ...recorded,
      ipcChannels: ipcChannels(),
      windows: BrowserWindow.getAllWindows().map((window) => ({
        options: describe(window.options),
        visible: window.isVisible(),
        progress: window.progress,
        url: window.webContents.getURL(),
      })),
      blockers: activeBlockers(),
      menu: menuRecord(),
    };
  },

  /** Comes when the page has been loaded, whatever became of it. */
  whenLoaded: async (): Promise<void> => {
    if (BrowserWindow.getAllWindows().length > 0) await contents().loaded;
  },
  /** The value of an expression in the page's own world. */
  evaluate: (expression: string): Promise<unknown> => contents().page().evaluate(expression),
  waitFor: async (expression: string, timeoutMs = 5_000): Promise<void> => {
    // Asked again and again from outside: a page with a policy allows no waiting in it.
    const deadline = performance.now() + timeoutMs;
    while ((await contents().page().evaluate(expression)) !== true) {
      if (performance.now() > deadline) throw new Error(`it did not become true within ${timeoutMs} ms: ${expression}`);
      await sleep(50);
    }
  },
  /** Keys as a person presses them, `Control+1`. */
  press: (keys: string): Promise<void> => contents().page().keyboard.press(keys),
  click: (selector: string): Promise<void> => contents().page().click(selector, { timeout: 5_000 }),
  screenshot: async (path: string): Promise<void> => void (await contents().page().screenshot({ path })),

  nextDialog: (): Promise<OpenDialog> => nextDialog(),
  answerDialog,
  dialogCount,

  clickMenu,
  clickNotification: (): void => void shownNotifications.at(-1)?.emit('click'),
  closeNotification: (): void => void shownNotifications.at(-1)?.emit('close'),

  closeWindow: (): void => theWindow().close(),
  minimizeWindow: (): void => theWindow().minimize(),
  moveWindow: (x: number, y: number, width: number, height: number): void =>
    theWindow().setBounds({ x, y, width, height }),
  crashPage: (): Promise<void> => contents().crash(),
  hang: (): void => void theWindow().emit('unresponsive'),
  quit: (): void => app.quit(),
  shutDown: (): void => void powerMonitor.emit('shutdown', cancellable({})),
  startAgain: (argv: readonly string[]): void => void app.emit('second-instance', cancellable({}), argv, '/', {}),

  /** Whether each session would grant this. */
  grants: (
    kind: 'request' | 'check' | 'device',
    permission: string,
    requestingUrl: string,
    isMainFrame: boolean,
  ): boolean => allSessions().some((session) => session.grants(kind, permission, { requestingUrl, isMainFrame })),
  /** Whether any session would let this request out. */
  letsOut: (url: string): boolean => allSessions().some((session) => !session.cancels(url)),
  /** What the window's own scheme answers to a request that its page could make. */
  serve: (url: string, method = 'GET'): ReturnType<WebContents['session']['serve']> =>
    contents().session.serve(url, method),
  /** A session that the shell knows nothing of. */
  openSession: (partition: string): void => void electronSession.fromPartition(partition),
  sendToPage: (channel: string, args: readonly unknown[]): void => contents().send(channel, ...args),
  stopsDownloads: (): boolean => allSessions().every((session) => session.stopsDownloads()),
  /** Whether the window forbids an event of Electron's that a page of Chromium does not raise here. */
  forbids: (name: string): boolean => contents().forbids(name, { url: 'https://example.net/', isMainFrame: true }),

  /** A message as if a stranger had sent it. */
  async callAs(stranger: Stranger, channel: string, args: readonly unknown[]): Promise<unknown> {
    const ours = contents();
    const senderFrame = strangeFrame(stranger, ours.mainFrame);
    const sender = stranger === 'other contents' ? { id: 99, mainFrame: ours.mainFrame } : ours;
    return invoke({ type: 'frame', frameId: 9, processId: 9, sender, senderFrame }, channel, args);
  },
} as const;

export type Control = typeof control;

function theWindow(): BrowserWindow {
  const [window] = BrowserWindow.getAllWindows();
  if (!window) throw new Error('there is no window');
  return window;
}

function contents(): WebContents {
  return theWindow().webContents;
}

function strangeFrame(stranger: Stranger, mainFrame: SenderFrame): SenderFrame | null {
  const { url, origin, parent, frameTreeNodeId, frameToken, processId, routingId } = mainFrame;
  const frame: SenderFrame = {
    url,
    origin,
    parent,
    frameTreeNodeId,
    frameToken,
    processId,
    routingId,
    top: mainFrame,
    isDestroyed: () => false,
  };
  if (stranger === 'frame that has gone') return null;
  if (stranger === 'frame in the page') return { ...frame, parent: mainFrame };
  if (stranger === 'another main frame') return { ...frame, frameTreeNodeId: 7 };
  if (stranger === 'foreign origin') return { ...frame, url: 'https://example.net/', origin: 'https://example.net' };
  if (stranger === 'destroyed frame') return { ...frame, isDestroyed: () => true };
  return frame;
}

/** Options as plain data: a session is known by its partition. */
function describe(options: object): object {
  return JSON.parse(
    JSON.stringify(options, (key, value: unknown) =>
      key === 'session' && typeof value === 'object' && value !== null && 'partition' in value
        ? value.partition
        : value,
    ),
  );
}
