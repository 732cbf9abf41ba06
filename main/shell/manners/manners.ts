import { Notification, powerSaveBlocker, type BrowserWindow } from 'electron';
import type { MigrationRow } from '#contract/channels.ts';
import { announcementOf } from './announcement.ts';
import { changesBetween } from './changes.ts';
import { barOf, fractionOf } from './task-bar.ts';

export interface MannersOptions {
  readonly window: () => BrowserWindow | undefined;
  /** Brings the window to the front, with this migration in it. */
  readonly showMigration: (id: string) => void;
}

/**
 * What a desktop app owes its desktop: the machine stays awake while something runs, the task bar shows how far it is,
 * and a notification reports how it ended.
 */
export class Manners {
  readonly #options: MannersOptions;
  /** Electron forgets a notification that nothing refers to, and with it what a click on it does. */
  readonly #notifications = new Set<Notification>();
  #rows: readonly MigrationRow[] | undefined;
  #blocker: number | undefined;

  constructor(options: MannersOptions) {
    this.#options = options;
  }

  update(rows: readonly MigrationRow[]): void {
    const { running, ended } = changesBetween(this.#rows ?? [], rows);
    this.#rows = rows;
    this.#keepAwake(running.length > 0);
    this.#options.window()?.setProgressBar(barOf(running.map(fractionOf)));
    for (const row of ended) this.#announce(row);
  }

  /** Resolves once the user cannot act on what is on the screen any more. */
  async whenAllSeen(): Promise<void> {
    await Promise.all([...this.#notifications].map((notification) => seen(notification)));
  }

  #keepAwake(wanted: boolean): void {
    if (wanted) this.#blocker ??= powerSaveBlocker.start('prevent-app-suspension');
    else if (this.#blocker !== undefined) {
      powerSaveBlocker.stop(this.#blocker);
      this.#blocker = undefined;
    }
  }

  #announce(row: MigrationRow): void {
    const announcement = announcementOf(row);
    if (!announcement || !Notification.isSupported() || this.#options.window()?.isFocused() === true) return;
    const { title, body, urgent } = announcement;
    const notification = new Notification({ title, body, urgency: urgent ? 'critical' : 'normal' });
    this.#notifications.add(notification);
    notification.on('close', () => this.#notifications.delete(notification));
    notification.on('click', () => {
      this.#notifications.delete(notification);
      this.#options.showMigration(row.id);
    });
    notification.show();
  }
}

function seen(notification: Notification): Promise<void> {
  return new Promise((resolve) => {
    notification.once('close', () => resolve());
    notification.once('click', () => resolve());
  });
}
