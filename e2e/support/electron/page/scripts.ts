import { bridgeEnd } from './bridge-end.ts';
import { pageWorld, preloadWorld } from './worlds.ts';

/** The names by which the worlds and the process find each other; random, so that no page can guess them. */
export interface Names {
  readonly world: string;
  readonly toPage: string;
  readonly toPreload: string;
  /** A function in the preload's world that sends text to the process. */
  readonly post: string;
  /** A function in the preload's world that takes text from the process. */
  readonly receive: string;
}

export interface WorldOptions {
  readonly contextIsolation: boolean;
  readonly sandbox: boolean;
  readonly nodeIntegration: boolean;
  readonly nodeIntegrationInSubFrames: boolean;
}

const quote = (text: string): string => JSON.stringify(text);

/** Runs in the page's own world before any script of the page. */
export function pageScript(names: Names, { contextIsolation, nodeIntegration }: WorldOptions): string {
  const bridge = contextIsolation
    ? `(${pageWorld.toString()})((${bridgeEnd.toString()})(window, ${quote(names.toPage)}, ${quote(names.toPreload)}), window);`
    : '';
  const node = nodeIntegration
    ? 'window.require = (name) => ({ name }); window.process = { versions: { node: "24" } };'
    : '';
  return `${bridge}\n${node}`;
}

/** Runs the built preload script, in its own world where the window has context isolation. */
export function preloadScript(preload: string, names: Names, options: WorldOptions): string {
  const end = options.contextIsolation
    ? `(${bridgeEnd.toString()})(window, ${quote(names.toPreload)}, ${quote(names.toPage)})`
    : 'undefined';
  return `if (${options.nodeIntegrationInSubFrames} || window === window.top) {
  globalThis[${quote(names.receive)}] = (${preloadWorld.toString()})({
    end: ${end},
    post: (text) => globalThis[${quote(names.post)}](text),
    sandboxed: ${options.sandbox},
    preload: (exports, require, module, process) => {\n${preload}\n},
  });
}`;
}
