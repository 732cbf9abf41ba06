import { EventEmitter } from 'node:events';
import type { BrowserContext, Request, Route } from 'playwright-core';
import { fromBrowser, originOf } from './addresses.ts';
import { theBrowser } from './browser.ts';
import { cancellable } from './cancellable.ts';
import { recorded } from './records.ts';
import type { WebContents } from './web-contents.ts';

type RequestListener = (details: { url: string }, answer: (verdict: { cancel?: boolean }) => void) => void;
type Handler = (request: globalThis.Request) => Response | Promise<Response>;
type PermissionDetails = { readonly requestingUrl: string; readonly isMainFrame: boolean };
type PermissionRequestHandler = (
  contents: WebContents | null,
  permission: string,
  answer: (granted: boolean) => void,
  details: PermissionDetails,
) => void;
type PermissionCheckHandler = (
  contents: WebContents | null,
  permission: string,
  origin: string,
  details: PermissionDetails,
) => boolean;

/** Announces sessions as Electron does; the app listens. */
export const sessionEvents = new EventEmitter();

/** A storage of its own, its requests, and what its pages are allowed: a Chromium browser context. */
export class Session extends EventEmitter {
  readonly partition: string;
  readonly protocol = {
    handle: (scheme: string, handler: Handler): void => void this.#handlers.set(scheme, handler),
    isProtocolHandled: (scheme: string): boolean => this.#handlers.has(scheme),
  };
  readonly webRequest = {
    onBeforeRequest: (listener: RequestListener): void => void (this.#requestListener = listener),
  };
  readonly #handlers = new Map<string, Handler>();
  #requestListener: RequestListener | undefined;
  #permissionRequestHandler: PermissionRequestHandler | undefined;
  #permissionCheckHandler: PermissionCheckHandler | undefined;
  #devicePermissionHandler: ((details: object) => boolean) | undefined;
  #context: Promise<BrowserContext> | undefined;

  constructor(partition: string) {
    super();
    this.partition = partition;
    sessionEvents.emit('created', this);
  }

  setPermissionRequestHandler(handler: PermissionRequestHandler | null): void {
    this.#permissionRequestHandler = handler ?? undefined;
  }

  setPermissionCheckHandler(handler: PermissionCheckHandler | null): void {
    this.#permissionCheckHandler = handler ?? undefined;
  }

  setDevicePermissionHandler(handler: ((details: object) => boolean) | null): void {
    this.#devicePermissionHandler = handler ?? undefined;
  }

  /** As Electron decides: a permission without a handler is granted. */
  grants(kind: 'request' | 'check' | 'device', permission: string, details: PermissionDetails): boolean {
    if (kind === 'device')
      return (
        this.#devicePermissionHandler?.({ deviceType: permission, origin: originOf(details.requestingUrl) }) ?? true
      );
    if (kind === 'check') {
      return this.#permissionCheckHandler?.(null, permission, originOf(details.requestingUrl), details) ?? true;
    }
    let granted = this.#permissionRequestHandler === undefined;
    this.#permissionRequestHandler?.(null, permission, (answer) => void (granted = answer), details);
    return granted;
  }

  /** What an app's own scheme answers. */
  async serve(url: string, method: string): Promise<{ status: number; headers: Record<string, string> }> {
    const handler = this.#handlers.get(new URL(url).protocol.slice(0, -1));
    if (!handler) return { status: 0, headers: {} };
    const { status, headers } = await handler(new globalThis.Request(url, { method }));
    return { status, headers: Object.fromEntries(headers) };
  }

  /** Whether this request would be stopped before it leaves. */
  cancels(url: string): boolean {
    let cancelled = false;
    this.#requestListener?.({ url }, ({ cancel }) => void (cancelled = cancel === true));
    return cancelled;
  }

  /** Whether a download would be stopped. */
  stopsDownloads(): boolean {
    const event = cancellable({});
    this.emit('will-download', event, {}, undefined);
    return event.defaultPrevented;
  }

  context(): Promise<BrowserContext> {
    this.#context ??= this.#open();
    return this.#context;
  }

  async #open(): Promise<BrowserContext> {
    const context = await theBrowser().newContext({ serviceWorkers: 'block' });
    await context.route('**/*', (route) => this.#carry(route));
    return context;
  }

  async #carry(route: Route): Promise<void> {
    const request = route.request();
    const url = fromBrowser(request.url());
    if (request.isNavigationRequest() && forbidden(request, url)) return route.abort('aborted');
    if (this.cancels(url)) {
      recorded.requests.push({ url, fate: 'cancelled' });
      return route.abort('blockedbyclient');
    }
    const handler = this.#handlers.get(new URL(url).protocol.slice(0, -1));
    if (!handler) {
      recorded.requests.push({ url, fate: 'left the machine' });
      return route.abort('failed');
    }
    const response = await handler(new globalThis.Request(url, { method: request.method() }));
    recorded.requests.push({ url, fate: 'served' });
    await route.fulfill({
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: Buffer.from(await response.arrayBuffer()),
    });
  }
}

/** Asks the contents that a navigation belongs to. One of a popup has no contents: it is judged when it opens. */
function forbidden(request: Request, url: string): boolean {
  const frame = frameOf(request);
  return frame === undefined
    ? false
    : (navigationJudges.get(frame.page())?.(url, frame.parentFrame() === null) ?? false);
}

function frameOf(request: Request): ReturnType<Request['frame']> | undefined {
  try {
    return request.frame();
  } catch {
    return undefined;
  }
}

/** For each page, whether its contents forbid this navigation. */
export const navigationJudges = new WeakMap<object, (url: string, isMainFrame: boolean) => boolean>();

const sessions = new Map<string, Session>();

export const session = {
  fromPartition(partition: string): Session {
    const known = sessions.get(partition) ?? new Session(partition);
    sessions.set(partition, known);
    return known;
  },
  get defaultSession(): Session {
    return session.fromPartition('');
  },
};

export function allSessions(): readonly Session[] {
  return [...sessions.values()];
}
