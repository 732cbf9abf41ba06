import { setTimeout as sleep } from 'node:timers/promises';
import { app, dialog, powerMonitor, type BrowserWindow, type Session } from 'electron';
import type { MigrationRow } from '#contract/channels.ts';
import type { Desk } from '#main/app/desk.ts';
import type { Milliseconds } from '#contract/units.ts';
import { log } from './log.ts';
import { closingQuestion, quittingQuestion, type Question } from './manners/closing-question.ts';
import { Manners } from './manners/manners.ts';
import { uiAddress } from './security/origin.ts';
import { keepAlive } from './window/keep-alive.ts';
import { createMainWindow } from './window/main-window.ts';
import type { WindowStateFile } from './window/window-state-file.ts';
import type { Windows } from './windows.ts';

/** How long the program stays for a notification that was not seen: without it, a click on it would lead nowhere. */
const mostLingerMs: Milliseconds = 10 * 60_000;

export interface DesktopOptions {
  readonly desk: Pick<Desk, 'close' | 'join' | 'managedHere' | 'onRows'>;
  readonly windows: Windows;
  readonly session: Session;
  readonly stateFile: WindowStateFile;
}

/**
 * The window and the program behind it. They part when the operator closes the window while a migration runs: the program
 * stays in the background, sees the guest to its end, says so, and quits. A second start brings the window back.
 */
export class Desktop {
  readonly #options: DesktopOptions;
  readonly #manners: Manners;
  #window: BrowserWindow | undefined;
  #rows: readonly MigrationRow[] = [];
  #asking = false;
  #quitting = false;

  constructor(options: DesktopOptions) {
    this.#options = options;
    this.#manners = new Manners({
      window: () => this.#window,
      showMigration: (id) => this.showScreen(`running/${id}`),
    });
    options.desk.onRows((rows) => this.#update(rows));
    app.on('second-instance', () => this.showWindow());
    app.on('window-all-closed', () => this.#running.length > 0 || app.quit());
    app.on('before-quit', (event) => this.#beforeQuit(event));
    app.on('will-quit', (event) => this.#letGo(event));
    // When the machine goes down no question can be answered.
    powerMonitor.on('shutdown', () => this.#quitAtOnce());
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => this.#quitAtOnce());
  }

  /** Opens the window, or brings the one that is open to the front. */
  showWindow(): void {
    if (!this.#window) return this.#openWindow(uiAddress);
    if (this.#window.isMinimized()) this.#window.restore();
    this.#window.show();
    this.#window.focus();
  }

  /** The same, with this screen in it: the page reads it off the part of its address behind the `#`. */
  showScreen(name: string): void {
    const address = `${uiAddress}#/${name}`;
    if (!this.#window) return this.#openWindow(address);
    this.showWindow();
    lead(this.#window, address);
  }

  #openWindow(address: string): void {
    const { desk, windows, session, stateFile } = this.#options;
    const window = createMainWindow({ session, stateFile, inspector: !app.isPackaged });
    this.#window = window;
    windows.join(window, (joining) => desk.join(joining));
    keepAlive(window);
    window.on('close', (event) => this.#beforeClose(event));
    window.on('closed', () => (this.#window = undefined));
    lead(window, address);
  }

  get #running(): readonly MigrationRow[] {
    // One that has just been started may not be in the list yet, and counts all the same.
    return this.#options.desk.managedHere.map(
      (id) => this.#rows.find((row) => row.id === id) ?? { id, open: true, managed: true },
    );
  }

  #update(rows: readonly MigrationRow[]): void {
    this.#rows = rows;
    this.#manners.update(rows);
    if (!this.#window) this.#endBackground();
  }

  /** Nothing is left to do in the background once the last migration has ended and its last word has been seen. */
  #endBackground(): void {
    if (this.#running.length > 0) return;
    void Promise.race([this.#manners.whenAllSeen(), sleep(mostLingerMs, undefined, { ref: false })]).then(() => {
      if (!this.#window && this.#running.length === 0) app.quit();
    });
  }

  #beforeClose(event: Electron.Event): void {
    const running = this.#running;
    if (this.#quitting || running.length === 0) return;
    event.preventDefault();
    void this.#ask(closingQuestion(running)).then((answer) => {
      if (answer === 'close-window') this.#window?.destroy();
    });
  }

  #beforeQuit(event: Electron.Event): void {
    const running = this.#running;
    if (this.#quitting || running.length === 0) return;
    event.preventDefault();
    void this.#ask(quittingQuestion(running)).then((answer) => {
      if (answer === 'close-window') this.#window?.destroy();
      if (answer === 'quit') this.#quitAtOnce();
    });
  }

  #quitAtOnce(): void {
    this.#quitting = true;
    app.quit();
  }

  /** The migrations that were managed here are let go of in good order, so that the next start takes them up. */
  #letGo(event: Electron.Event): void {
    event.preventDefault();
    void this.#options.desk.close().finally(() => app.exit(0));
  }

  /** One question at a time. `stay` when it is waved away. */
  async #ask<Answer extends string>({ message, detail, buttons }: Question<Answer>): Promise<Answer | undefined> {
    if (this.#asking) return undefined;
    this.#asking = true;
    try {
      const last = buttons.length - 1;
      const options = {
        type: 'question',
        message,
        detail,
        buttons: buttons.map(({ label }) => label),
        defaultId: last,
        cancelId: last,
      } as const;
      const { response } = await (this.#window
        ? dialog.showMessageBox(this.#window, options)
        : dialog.showMessageBox(options));
      return buttons[response]?.answer;
    } finally {
      this.#asking = false;
    }
  }
}

/** What is loaded next aborts what is being loaded, and a window may be closed meanwhile: neither is worth more than a line. */
function lead(window: BrowserWindow, address: string): void {
  window.loadURL(address).catch((thrown: unknown) => log(`${address} was not loaded: ${String(thrown)}`));
}
