import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { leaveBrowser } from './browser.ts';
import { cancellable } from './cancellable.ts';
import { recorded } from './records.ts';
import { sessionEvents } from './session.ts';

interface ClosableWindow {
  close(): void;
}

/** Everything that the test decides about the surroundings of an app. */
export interface Surroundings {
  readonly root: string;
  /** Stands in for the user's home: `userData`, `documents` and so on are folders in it. */
  readonly home: string;
  readonly packaged: boolean;
  readonly firstInstance: boolean;
}

/** Electron's `app`, from its start to its end. */
class App extends EventEmitter {
  readonly commandLine = {
    appendSwitch: (name: string, value?: string): void =>
      void recorded.switches.push(value === undefined ? [name] : [name, value]),
  };
  #surroundings: Surroundings | undefined;
  #ready = false;
  #quitting = false;
  readonly #whenReady = Promise.withResolvers<void>();
  readonly windows = new Set<ClosableWindow>();

  constructor() {
    super();
    sessionEvents.on('created', (session) => this.emit('session-created', session));
  }

  /** Called by the stand-in before the shell's code is loaded. */
  surround(surroundings: Surroundings): void {
    this.#surroundings = surroundings;
  }

  /** Called by the stand-in after the shell's code has been loaded. */
  becomeReady(): void {
    this.#ready = true;
    this.emit('will-finish-launching');
    this.emit('ready', {}, {});
    this.#whenReady.resolve();
  }

  get isPackaged(): boolean {
    return this.#around().packaged;
  }

  isReady(): boolean {
    return this.#ready;
  }

  whenReady(): Promise<void> {
    return this.#whenReady.promise;
  }

  enableSandbox(): void {
    if (this.#ready) throw new Error('app.enableSandbox() can only be called before app is ready');
    recorded.sandboxEnabled = true;
  }

  requestSingleInstanceLock(): boolean {
    return this.#around().firstInstance;
  }

  setAsDefaultProtocolClient(scheme: string): boolean {
    recorded.protocolClients.push(scheme);
    return true;
  }

  setDesktopName(name: string): void {
    recorded.switches.push(['desktop-name', name]);
  }

  setAboutPanelOptions(): void {
    // What the box says is of no consequence here.
  }

  showAboutPanel(): void {
    this.emit('stand-in:about-shown');
  }

  getName(): string {
    return 'switchyard';
  }

  getVersion(): string {
    const { version }: { version: string } = JSON.parse(
      readFileSync(join(this.#around().root, 'package.json'), 'utf8'),
    );
    return version;
  }

  getAppPath(): string {
    return this.#around().root;
  }

  getPath(name: string): string {
    return join(this.#around().home, name);
  }

  focus(): void {
    this.emit('stand-in:focused');
  }

  /** As Electron: asks the app, then each window, and ends when none objects. */
  quit(): void {
    if (this.#quitting) return;
    const event = cancellable({});
    this.emit('before-quit', event);
    if (event.defaultPrevented) return;
    this.#quitting = true;
    for (const window of this.windows) window.close();
    if (this.windows.size > 0) {
      this.#quitting = false;
      return;
    }
    const last = cancellable({});
    this.emit('will-quit', last);
    if (last.defaultPrevented) {
      this.#quitting = false;
      return;
    }
    this.exit(0);
  }

  exit(code = 0): void {
    this.emit('quit', {}, code);
    void leaveBrowser().finally(() => process.exit(code));
  }

  /** Called by a window that has closed. */
  windowClosed(window: ClosableWindow): void {
    this.windows.delete(window);
    if (this.windows.size > 0 || this.#quitting) return;
    if (!this.emit('window-all-closed')) this.quit();
  }

  #around(): Surroundings {
    if (!this.#surroundings) throw new Error('run.ts surrounds the app first');
    return this.#surroundings;
  }
}

export const app = new App();
