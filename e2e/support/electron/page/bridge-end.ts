/** One end of the bridge between the world of the preload script and the world of the page. */
export interface BridgeEnd {
  /** Gives the other world a value: data as copies, functions as functions that call back over the bridge. */
  readonly expose: (name: string, value: unknown) => void;
  onExposed: (name: string, value: unknown) => void;
}

/**
 * Two worlds share the document and no objects, so everything goes through events that carry text. As with Electron's
 * contextBridge, data is copied without its prototypes, calls are synchronous, and promises stay promises.
 *
 * Sent to the page as its own source text: it uses nothing from outside itself.
 */
export function bridgeEnd(stage: EventTarget, mine: string, theirs: string): BridgeEnd {
  type Callable = (...args: unknown[]) => unknown;
  interface Settlement {
    readonly resolve: (value: unknown) => void;
    readonly reject: (reason: Error) => void;
  }
  type Message =
    | { readonly kind: 'exposed'; readonly name: string; readonly value: unknown }
    | { readonly kind: 'call'; readonly id: number; readonly args: readonly unknown[] }
    | { readonly kind: 'returned'; readonly value: unknown }
    | { readonly kind: 'thrown'; readonly message: string }
    | { readonly kind: 'resolved'; readonly id: number; readonly value: unknown }
    | { readonly kind: 'rejected'; readonly id: number; readonly message: string };
  type Wire = { readonly $: string; readonly value: unknown };

  const functions: Callable[] = [];
  const settlements = new Map<number, Settlement>();
  let nextPromise = 0;
  let lastAnswer: Message | undefined;

  const post = (message: Message): void => {
    stage.dispatchEvent(new CustomEvent(theirs, { detail: JSON.stringify(message) }));
  };

  const wordsOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));

  const encode = (value: unknown): Wire => {
    if (value === undefined) return { $: 'undefined', value: '' };
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return { $: 'data', value };
    if (typeof value === 'number') return { $: 'number', value: String(value) };
    if (typeof value === 'function')
      return { $: 'function', value: functions.push((...args) => Reflect.apply(value, undefined, args)) - 1 };
    if (typeof value !== 'object') throw new TypeError(`a ${typeof value} cannot cross the bridge`);
    if (value instanceof Promise) return encodePromise(value);
    if (value instanceof Error) return { $: 'error', value: value.message };
    if (Array.isArray(value)) return { $: 'array', value: value.map(encode) };
    return { $: 'object', value: Object.entries(value).map(([key, member]) => [key, encode(member)]) };
  };

  const encodePromise = (promise: Promise<unknown>): Wire => {
    const id = (nextPromise += 1);
    void promise.then(
      (value) => post({ kind: 'resolved', id, value: encode(value) }),
      (reason: unknown) => post({ kind: 'rejected', id, message: wordsOf(reason) }),
    );
    return { $: 'promise', value: id };
  };

  const decode = ({ $, value }: Wire): unknown => {
    if ($ === 'data') return value;
    if ($ === 'number') return Number(value);
    if ($ === 'error') return new Error(String(value));
    if ($ === 'function') return (...args: unknown[]) => callAcross(Number(value), args);
    if ($ === 'array') return wires(value).map(decode);
    if ($ === 'object') return Object.fromEntries(entries(value).map(([key, member]) => [key, decode(member)]));
    if ($ === 'promise') return new Promise((resolve, reject) => settlements.set(Number(value), { resolve, reject }));
    return undefined;
  };

  const wires = (value: unknown): Wire[] => (Array.isArray(value) ? value : []);
  const entries = (value: unknown): [string, Wire][] => (Array.isArray(value) ? value : []);

  const callAcross = (id: number, args: readonly unknown[]): unknown => {
    post({ kind: 'call', id, args: args.map(encode) });
    const answer = lastAnswer;
    if (answer?.kind === 'thrown') throw new Error(answer.message);
    return answer?.kind === 'returned' ? decodeAny(answer.value) : undefined;
  };

  const decodeAny = (value: unknown): unknown => decode(wires([value])[0] ?? { $: 'undefined', value: '' });

  const answerCall = (id: number, args: readonly unknown[]): void => {
    try {
      post({ kind: 'returned', value: encode(functions[id]?.(...args.map(decodeAny))) });
    } catch (thrown) {
      post({ kind: 'thrown', message: wordsOf(thrown) });
    }
  };

  const settle = (id: number, how: (settlement: Settlement) => void): void => {
    const settlement = settlements.get(id);
    settlements.delete(id);
    if (settlement) how(settlement);
  };

  const end: BridgeEnd = {
    expose: (name, value) => post({ kind: 'exposed', name, value: encode(value) }),
    onExposed: () => undefined,
  };

  stage.addEventListener(mine, (event) => {
    const message: Message = JSON.parse('detail' in event ? String(event.detail) : '');
    if (message.kind === 'exposed') end.onExposed(message.name, decodeAny(message.value));
    else if (message.kind === 'call') answerCall(message.id, message.args);
    else if (message.kind === 'resolved') settle(message.id, ({ resolve }) => resolve(decodeAny(message.value)));
    else if (message.kind === 'rejected') settle(message.id, ({ reject }) => reject(new Error(message.message)));
    else lastAnswer = message;
  });

  return end;
}
