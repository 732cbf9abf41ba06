import type { BridgeEnd } from './bridge-end.ts';

/** Messages between a preload script and the process that stands in for Electron's main, as JSON. */
export type FromPreload =
  | { readonly kind: 'invoke'; readonly id: number; readonly channel: string; readonly args: readonly unknown[] }
  | { readonly kind: 'send'; readonly channel: string; readonly args: readonly unknown[] }
  | { readonly kind: 'failed'; readonly message: string };
export type ToPreload =
  | { readonly kind: 'resolved'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'rejected'; readonly id: number; readonly message: string }
  | { readonly kind: 'event'; readonly channel: string; readonly args: readonly unknown[] };

/** The page's side of contextBridge: what is exposed cannot be changed or replaced by the page. */
export function pageWorld(end: BridgeEnd, global: object): void {
  const freeze = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    for (const member of Object.values(value)) freeze(member);
    return Object.freeze(value);
  };
  end.onExposed = (name, value) => {
    Object.defineProperty(global, name, {
      value: freeze(value),
      enumerable: true,
      writable: false,
      configurable: false,
    });
  };
}

export interface PreloadWorldOptions {
  /** Absent without context isolation. */
  readonly end: BridgeEnd | undefined;
  readonly post: (text: string) => void;
  readonly sandboxed: boolean;
  readonly preload: (
    exports: object,
    require: (name: string) => unknown,
    module: { exports: object },
    process: object,
  ) => void;
}

/** What a preload script finds in Electron: `require('electron')`, and nothing of Node when it is sandboxed. */
export function preloadWorld({ end, post, sandboxed, preload }: PreloadWorldOptions): (text: string) => void {
  const calls = new Map<
    number,
    { readonly resolve: (value: unknown) => void; readonly reject: (reason: Error) => void }
  >();
  const listeners = new Map<string, ((event: object, ...args: unknown[]) => void)[]>();
  let nextCall = 0;

  const say = (message: FromPreload): void => post(JSON.stringify(message));

  const ipcRenderer = {
    invoke: (channel: string, ...args: unknown[]) =>
      new Promise<unknown>((resolve, reject) => {
        const id = (nextCall += 1);
        calls.set(id, { resolve, reject });
        say({ kind: 'invoke', id, channel, args: structuredClone(args) });
      }),
    send: (channel: string, ...args: unknown[]) => say({ kind: 'send', channel, args: structuredClone(args) }),
    on: (channel: string, listener: (event: object, ...args: unknown[]) => void) => {
      listeners.set(channel, [...(listeners.get(channel) ?? []), listener]);
      return ipcRenderer;
    },
    removeListener: (channel: string, listener: (event: object, ...args: unknown[]) => void) => {
      listeners.set(
        channel,
        (listeners.get(channel) ?? []).filter((candidate) => candidate !== listener),
      );
      return ipcRenderer;
    },
  };

  const contextBridge = {
    exposeInMainWorld: (name: string, api: unknown) => {
      if (!end) throw new Error('contextBridge API can only be used when contextIsolation is enabled');
      end.expose(name, api);
    },
  };

  const require = (name: string): unknown => {
    if (name === 'electron' || name === 'electron/renderer') return { ipcRenderer, contextBridge };
    if (!sandboxed) return { thisWouldBe: `Node's own ${name}` };
    throw new Error(`module not found: ${name}`);
  };

  const module = { exports: {} };
  try {
    preload(module.exports, require, module, { type: 'renderer', platform: 'linux', sandboxed, env: {} });
  } catch (thrown) {
    say({ kind: 'failed', message: thrown instanceof Error ? thrown.message : String(thrown) });
  }

  return (text) => {
    const message: ToPreload = JSON.parse(text);
    if (message.kind === 'event') {
      for (const listener of listeners.get(message.channel) ?? []) listener({ sender: ipcRenderer }, ...message.args);
      return;
    }
    const call = calls.get(message.id);
    calls.delete(message.id);
    if (message.kind === 'resolved') call?.resolve(message.value);
    else call?.reject(new Error(message.message));
  };
}
