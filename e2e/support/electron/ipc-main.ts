/** Who sends, as much of Electron's `WebFrameMain` as a check of the sender looks at. */
export interface SenderFrame {
  readonly url: string;
  readonly origin: string;
  readonly parent: SenderFrame | null;
  readonly top: SenderFrame | null;
  readonly frameTreeNodeId: number;
  readonly frameToken: string;
  readonly processId: number;
  readonly routingId: number;
  isDestroyed(): boolean;
}

export interface InvokeEvent {
  readonly type: 'frame';
  readonly frameId: number;
  readonly processId: number;
  readonly sender: object;
  readonly senderFrame: SenderFrame | null;
}

type Listener = (event: InvokeEvent, ...args: unknown[]) => unknown;

const handlers = new Map<string, Listener>();
const listeners = new Map<string, Listener[]>();

export const ipcMain = {
  handle(channel: string, listener: Listener): void {
    if (handlers.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`);
    handlers.set(channel, listener);
  },
  on(channel: string, listener: Listener): void {
    listeners.set(channel, [...(listeners.get(channel) ?? []), listener]);
  },
};

export function ipcChannels(): string[] {
  return [...handlers.keys(), ...listeners.keys()];
}

/** What the sender's promise becomes, errors worded as Electron words them. */
export async function invoke(event: InvokeEvent, channel: string, args: readonly unknown[]): Promise<unknown> {
  const handler = handlers.get(channel);
  if (!handler)
    throw new Error(`Error invoking remote method '${channel}': Error: No handler registered for '${channel}'`);
  try {
    return plain(await handler(event, ...args));
  } catch (thrown) {
    throw new Error(`Error invoking remote method '${channel}': ${String(thrown)}`, { cause: thrown });
  }
}

export function send(event: InvokeEvent, channel: string, args: readonly unknown[]): void {
  for (const listener of listeners.get(channel) ?? []) listener(event, ...args);
}

/** What crosses must survive both structuredClone, which Electron uses, and JSON, which the web host uses. */
export function plain<Value>(value: Value): Value {
  structuredClone(value);
  return value === undefined ? value : JSON.parse(JSON.stringify(value));
}
