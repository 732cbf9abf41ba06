import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import type { CDPSession, Page } from 'playwright-core';
import { fromBrowser, originOf, toBrowser } from './addresses.ts';
import { browserSession } from './browser.ts';
import { cancellable } from './cancellable.ts';
import { invoke, plain, send, type InvokeEvent, type SenderFrame } from './ipc-main.ts';
import { pageScript, preloadScript, type Names, type WorldOptions } from './page/scripts.ts';
import type { FromPreload, ToPreload } from './page/worlds.ts';
import { recorded } from './records.ts';
import { navigationJudges, type Session } from './session.ts';

export interface WebPreferences extends Partial<WorldOptions> {
  readonly preload?: string;
  readonly session?: Session;
}

type WindowOpenHandler = (details: { readonly url: string }) => { readonly action: 'allow' | 'deny' };

/** Electron's names for what a page may ask for, beside those of the Permissions API. */
const permissionNames = [
  ['notifications', 'notifications'],
  ['geolocation', 'geolocation'],
  ['clipboard-read', 'clipboard-read'],
  ['clipboard-sanitized-write', 'clipboard-write'],
  ['media', 'microphone'],
  ['media', 'camera'],
  ['midi', 'midi'],
  ['idle-detection', 'idle-detection'],
  ['local-fonts', 'local-fonts'],
] as const;

let nextId = 1;

/** A page of Chromium with the built preload script in it. */
export class WebContents extends EventEmitter {
  readonly id = nextId++;
  readonly session: Session;
  readonly mainFrame: SenderFrame;
  readonly #preferences: WebPreferences;
  readonly #names: Names;
  #loaded: Promise<void> = Promise.resolve();
  #page: Page | undefined;
  #opening: Promise<Page> | undefined;
  #cdp: CDPSession | undefined;
  #preloadContext: number | undefined;
  #windowOpenHandler: WindowOpenHandler | undefined;
  #expected: string | undefined;
  #destroyed = false;

  constructor(preferences: WebPreferences, session: Session) {
    super();
    this.#preferences = preferences;
    this.session = session;
    const random = randomBytes(8).toString('hex');
    this.#names = {
      world: preferences.contextIsolation === false ? '' : `preload-${random}`,
      toPage: `to-page-${random}`,
      toPreload: `to-preload-${random}`,
      post: `post-${random}`,
      receive: `receive-${random}`,
    };
    this.mainFrame = new MainFrame(this);
  }

  getURL(): string {
    return fromBrowser(this.#page?.url() ?? '');
  }

  isDestroyed(): boolean {
    return this.#destroyed;
  }

  setWindowOpenHandler(handler: WindowOpenHandler): void {
    this.#windowOpenHandler = handler;
  }

  setWebRTCIPHandlingPolicy(policy: string): void {
    recorded.webRtcPolicies.push(policy);
  }

  /** Settled when what main has led this window to has been loaded, whatever became of it. */
  get loaded(): Promise<void> {
    return this.#loaded;
  }

  /** Rejects as Electron does when the page cannot be loaded. */
  loadURL(url: string): Promise<void> {
    recorded.loads.push(url);
    const loading = this.#load(url);
    this.#loaded = loading.catch(() => undefined);
    return loading;
  }

  async #load(url: string): Promise<void> {
    const page = await this.#open();
    await this.#applyPermissions(url);
    // What is asked for does not show which part of the page is meant.
    this.#expected = url.replace(/#.*/, '');
    await page.goto(toBrowser(url), { waitUntil: 'load' });
    // Moving within the page asks for nothing.
    this.#expected = undefined;
    this.emit('did-finish-load');
  }

  reload(): void {
    const url = this.getURL();
    // A page that has crashed cannot be used again, so it is replaced.
    if (this.#page && !this.#page.isClosed()) void this.#page.close();
    this.#page = undefined;
    this.#opening = undefined;
    void this.loadURL(url);
  }

  forcefullyCrashRenderer(): void {
    void this.crash();
  }

  async crash(): Promise<void> {
    const crashed = new Promise((resolve) => this.#page?.once('crash', resolve));
    void this.#cdp?.send('Page.crash').catch(() => undefined);
    await crashed;
  }

  send(channel: string, ...args: unknown[]): void {
    this.#tell({ kind: 'event', channel, args: plain(args) });
  }

  openDevTools(): void {
    recorded.pageErrors.push('the inspector was opened');
  }

  /** The page itself, for the test that looks at it. */
  page(): Page {
    if (!this.#page) throw new Error('this window has not loaded anything');
    return this.#page;
  }

  /** Whether the listeners forbid an event of this name. */
  forbids(name: string, details: object): boolean {
    const event = cancellable(details);
    this.emit(name, event, details);
    return event.defaultPrevented;
  }

  async destroy(): Promise<void> {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.emit('destroyed');
    await this.#page?.close();
  }

  #open(): Promise<Page> {
    this.#opening ??= this.#openPage();
    return this.#opening;
  }

  async #openPage(): Promise<Page> {
    const context = await this.session.context();
    const page = await context.newPage();
    this.#page = page;
    navigationJudges.set(page, (url, isMainFrame) => this.#forbidsNavigation(url, isMainFrame));
    page.on('pageerror', (error) => void recorded.pageErrors.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') recorded.pageErrors.push(message.text());
    });
    page.on('crash', () => this.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 5 }));
    page.on('popup', (popup) => void this.#judgePopup(popup));
    await this.#injectWorlds(page);
    return page;
  }

  async #injectWorlds(page: Page): Promise<void> {
    const cdp = await page.context().newCDPSession(page);
    this.#cdp = cdp;
    const { world, post } = this.#names;
    cdp.on('Runtime.executionContextCreated', ({ context }) => {
      const { isDefault } = context.auxData ?? {};
      if (world === '' ? String(isDefault) === 'true' : context.name === world) this.#preloadContext = context.id;
    });
    cdp.on('Runtime.bindingCalled', ({ name, payload }) => {
      if (name === post) void this.#hear(JSON.parse(payload));
    });
    await cdp.send('Page.enable');
    await cdp.send('Runtime.enable');
    await cdp.send('Runtime.addBinding', { name: post, ...(world === '' ? {} : { executionContextName: world }) });
    const options = worldOptions(this.#preferences);
    await cdp.send('Page.addScriptToEvaluateOnNewDocument', { source: pageScript(this.#names, options) });
    if (this.#preferences.preload === undefined) return;
    await cdp.send('Page.addScriptToEvaluateOnNewDocument', {
      source: preloadScript(readFileSync(this.#preferences.preload, 'utf8'), this.#names, options),
      ...(world === '' ? {} : { worldName: world }),
    });
  }

  async #hear(message: FromPreload): Promise<void> {
    if (message.kind === 'failed') return void recorded.preloadFailures.push(message.message);
    recorded.calls.push([message.channel, String(message.args[0])]);
    const event: InvokeEvent = {
      type: 'frame',
      frameId: this.mainFrame.routingId,
      processId: this.mainFrame.processId,
      sender: this,
      senderFrame: this.mainFrame,
    };
    if (message.kind === 'send') return send(event, message.channel, message.args);
    const { id } = message;
    try {
      this.#tell({ kind: 'resolved', id, value: await invoke(event, message.channel, message.args) });
    } catch (thrown) {
      this.#tell({ kind: 'rejected', id, message: thrown instanceof Error ? thrown.message : String(thrown) });
    }
  }

  /** A document that has gone since hears nothing, as in Electron. */
  #tell(message: ToPreload): void {
    if (this.#preloadContext === undefined) return;
    this.#cdp
      ?.send('Runtime.callFunctionOn', {
        functionDeclaration: `function (text) { globalThis[${JSON.stringify(this.#names.receive)}]?.(text); }`,
        executionContextId: this.#preloadContext,
        arguments: [{ value: JSON.stringify(message) }],
      })
      .catch(() => undefined);
  }

  #forbidsNavigation(url: string, isMainFrame: boolean): boolean {
    if (isMainFrame && this.#expected === url) {
      this.#expected = undefined;
      return false;
    }
    const details = { url, isMainFrame, isSameDocument: false, frame: this.mainFrame };
    const inFrame = this.forbids('will-frame-navigate', details);
    const forbidden = (isMainFrame && this.forbids('will-navigate', details)) || inFrame;
    recorded.navigations.push(forbidden ? 'forbidden' : 'let pass');
    return forbidden;
  }

  async #judgePopup(popup: Page): Promise<void> {
    const verdict = this.#windowOpenHandler?.({ url: fromBrowser(popup.url()) }) ?? { action: 'allow' };
    if (verdict.action === 'deny') await popup.close();
    recorded.popups.push(popup.isClosed() ? 'closed' : 'opened');
  }

  async #applyPermissions(url: string): Promise<void> {
    const context = await this.session.context();
    const probe = await context.newCDPSession(this.page());
    const { targetInfo } = await probe.send('Target.getTargetInfo');
    await probe.detach();
    for (const [permission, name] of permissionNames) {
      const granted = this.session.grants('request', permission, { requestingUrl: url, isMainFrame: true });
      await browserSession().send('Browser.setPermission', {
        permission: { name },
        setting: granted ? 'granted' : 'denied',
        origin: new URL(toBrowser(url)).origin,
        ...(targetInfo.browserContextId === undefined ? {} : { browserContextId: targetInfo.browserContextId }),
      });
    }
  }
}

class MainFrame implements SenderFrame {
  readonly parent = null;
  readonly frameToken = randomBytes(16).toString('hex');
  readonly processId = 1;
  readonly #contents: WebContents;

  constructor(contents: WebContents) {
    this.#contents = contents;
  }

  get top(): SenderFrame {
    return this;
  }

  get url(): string {
    return this.#contents.getURL();
  }

  get origin(): string {
    return originOf(this.url);
  }

  get routingId(): number {
    return this.#contents.id;
  }

  get frameTreeNodeId(): number {
    return 100 + this.#contents.id;
  }

  isDestroyed(): boolean {
    return this.#contents.isDestroyed();
  }
}

function worldOptions(preferences: WebPreferences): WorldOptions {
  return {
    contextIsolation: preferences.contextIsolation ?? true,
    // enableSandbox() outranks what a single window says.
    sandbox: recorded.sandboxEnabled || (preferences.sandbox ?? true),
    nodeIntegration: preferences.nodeIntegration ?? false,
    nodeIntegrationInSubFrames: preferences.nodeIntegrationInSubFrames ?? false,
  };
}
