/**
 * The two Electron channels under the contract, and the name by which a window finds its bridge. One channel carries all
 * commands, so that there is one place at which a sender is looked at. Apart from `channels.ts`, because the preload
 * script takes no schemas into the sandbox.
 */
export const bridge = {
  /** `window.switchyard`: a `Host`. */
  global: 'switchyard',
  /** From the window, answered: `(name, request)`. */
  call: 'switchyard:call',
  /** To the window: `(name, payload)`. */
  event: 'switchyard:event',
} as const;
