import { EventEmitter } from 'node:events';
import { recorded } from './records.ts';

// The rest of the desktop: what is only asked for and leaves nothing to enforce.

export const shell = {
  openExternal: async (url: string): Promise<void> => void recorded.openedOutside.push(url),
};

interface NotificationOptions {
  readonly title?: string;
  readonly body?: string;
  readonly urgency?: string;
}

/** Those that are on the screen, newest last. */
export const shownNotifications: Notification[] = [];

export class Notification extends EventEmitter {
  readonly #options: NotificationOptions;

  constructor(options: NotificationOptions = {}) {
    super();
    this.#options = options;
  }

  static isSupported(): boolean {
    return true;
  }

  show(): void {
    const { title = '', body = '', urgency = 'normal' } = this.#options;
    recorded.notifications.push({ title, body, urgency });
    shownNotifications.push(this);
  }

  close(): void {
    this.emit('close');
  }
}

const blockers = new Map<number, string>();
let nextBlocker = 1;

export const powerSaveBlocker = {
  start(kind: string): number {
    blockers.set(nextBlocker, kind);
    return nextBlocker++;
  },
  stop: (id: number): boolean => blockers.delete(id),
  isStarted: (id: number): boolean => blockers.has(id),
};

export function activeBlockers(): string[] {
  return [...blockers.values()];
}

export const powerMonitor = new EventEmitter();

export const nativeTheme = Object.assign(new EventEmitter(), { shouldUseDarkColors: false });

const display = { id: 1, workArea: { x: 0, y: 0, width: 1920, height: 1080 } };

export const screen = Object.assign(new EventEmitter(), {
  getPrimaryDisplay: () => display,
  getAllDisplays: () => [display],
});
