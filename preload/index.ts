import { contextBridge, ipcRenderer } from 'electron';
import { bridge } from '#contract/bridge.ts';
import { commandNames, eventNames, type Host } from '#contract/channels.ts';
import { failed } from '#contract/result.ts';

// All that a window can do: the commands of the contract and its events. Neither ipcRenderer nor an event object of
// Electron's reaches the page, and a name that is not in the contract does not reach main.

/** Called with what main sends under the name it was registered for: main built it with that name's schema. */
interface Subscription {
  hear(payload: unknown): void;
}

const commands: ReadonlySet<string> = new Set(commandNames);
const subscriptions: ReadonlyMap<string, Set<Subscription>> = new Map(eventNames.map((name) => [name, new Set()]));

ipcRenderer.on(bridge.event, (_event, name: string, payload: unknown) => {
  for (const subscription of subscriptions.get(name) ?? []) subscription.hear(payload);
});

const host: Host = {
  async call(name, request) {
    if (commands.has(name)) return ipcRenderer.invoke(bridge.call, name, request);
    return failed({
      kind: 'invalid-request',
      text: 'There is no such command.',
      remedy: 'Reload the window; if it happens again, report it.',
    });
  },
  on(name, listener) {
    const subscription: Subscription = { hear: listener };
    subscriptions.get(name)?.add(subscription);
    return () => void subscriptions.get(name)?.delete(subscription);
  },
};

contextBridge.exposeInMainWorld(bridge.global, Object.freeze(host));
