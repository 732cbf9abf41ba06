import type { Milliseconds } from '#contract/units.ts';
import { linkAddressesOf } from '#main/hosts/duplicate-address.ts';
import { openStream } from '#main/hosts/own-sockets/open-stream.ts';
import { addressOf, nameOf } from '#main/hosts/own-sockets/socket-name.ts';
import type { NetworkPlace } from '#main/hosts/network-place.ts';
import type { ProbeListener, ProbeListenOrder, ProbeToken } from '#main/probe/ports.ts';
import type { Fd } from '#native/fd.ts';
import { isMptcp } from '#native/is-mptcp.ts';
import { isNativeError } from '#native/native-error.ts';
import { watchReadiness, type ReadinessWatch } from '#native/readiness.ts';
import { setSocketOption } from '#native/socket-options.ts';
import { accept, bind, discard, listen, localAddress, receive, reset, send } from '#native/socket.ts';
import { forOneSlice } from './slice.ts';
import { answerOf, callBytes, callOf, fullSizeBytes } from './words.ts';

/** As that of a migration: subflows that join need room here too. */
const backlog = 4096;
/** A caller that has not said the token by then is a stranger: the source says it with its first packet. */
const patienceMs: Milliseconds = 2000;
/** A probe has a caller for each pair; one more than this is a stranger, or comes too early. */
const mostCallers = 64;

/** Opens the listener of a probe in this place. Rejects with a `NativeError`; nothing is open then. */
export async function listenForProbe(place: NetworkPlace, order: ProbeListenOrder): Promise<ProbeListener> {
  const linkAddresses = await linkAddressesOf(place);
  return listenInRange(place, { ...order, linkAddresses });
}

interface Listening extends ProbeListenOrder {
  readonly linkAddresses: readonly string[];
}

function listenInRange(place: NetworkPlace, order: Listening): ProbeListener {
  for (let port = order.port; ; port += 1) {
    try {
      return listenOn(place, order, port);
    } catch (thrown) {
      if (!isNativeError(thrown, 'EADDRINUSE') || port === 0) throw thrown;
      // Another's port is left alone, whatever waits there.
      if (port >= order.lastPort) return listenOn(place, order, 0);
    }
  }
}

function listenOn(place: NetworkPlace, { host, token, linkAddresses }: Listening, port: number): ProbeListener {
  const address = addressOf({ address: host, port });
  const { fd } = openStream(place, address.family, true);
  try {
    setSocketOption(fd, 'reuseAddress', true);
    bind(fd, address);
    listen(fd, backlog);
    return new Listener(fd, token, linkAddresses);
  } catch (thrown) {
    fd[Symbol.dispose]();
    throw thrown;
  }
}

class Listener implements ProbeListener {
  readonly port: number;
  readonly linkAddresses: readonly string[];
  readonly #fd: Fd;
  readonly #token: ProbeToken;
  readonly #watch: ReadinessWatch;
  readonly #callers = new Set<Caller>();

  /** Takes over the descriptor. */
  constructor(fd: Fd, token: ProbeToken, linkAddresses: readonly string[]) {
    this.#fd = fd;
    this.linkAddresses = linkAddresses;
    this.#token = token;
    this.port = nameOf(localAddress(fd)).port;
    this.#watch = watchReadiness(fd, 'readable', () => forOneSlice(() => this.#acceptOne()));
    this.#watch.unref();
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
    for (const caller of this.#callers) caller[Symbol.dispose]();
    this.#fd[Symbol.dispose]();
  }

  #acceptOne(): 'more' | 'done' {
    try {
      const accepted = accept(this.#fd);
      if (!accepted) return 'done';
      if (this.#callers.size >= mostCallers) reset(accepted.connection);
      else this.#callers.add(new Caller(accepted.connection, this.#token, (gone) => this.#callers.delete(gone)));
      return 'more';
    } catch (thrown) {
      // Of one caller, or of a kernel without a descriptor to spare: a probe is no reason to fail for either.
      if (!isNativeError(thrown)) throw thrown;
      return 'done';
    }
  }
}

/** One connection to the listener: heard out, answered, and read until it ends. */
class Caller implements Disposable {
  static readonly #scratch = Buffer.alloc(1024 * 1024);
  readonly #fd: Fd;
  readonly #token: ProbeToken;
  readonly #onGone: (caller: Caller) => void;
  readonly #watch: ReadinessWatch;
  readonly #timer: NodeJS.Timeout;
  #said: Buffer = Buffer.alloc(0);
  #isOurs = false;
  #read = 0;
  #open = true;

  constructor(fd: Fd, token: ProbeToken, onGone: (caller: Caller) => void) {
    this.#fd = fd;
    this.#token = token;
    this.#onGone = onGone;
    this.#watch = watchReadiness(fd, 'readable', () => this.#attend());
    this.#watch.unref();
    this.#timer = setTimeout(() => this[Symbol.dispose](), patienceMs);
    this.#timer.unref();
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    clearTimeout(this.#timer);
    this.#watch[Symbol.dispose]();
    reset(this.#fd);
    this.#onGone(this);
  }

  #attend(): void {
    try {
      if (!this.#isOurs) this.#listen();
      else forOneSlice(() => this.#readOn());
    } catch (thrown) {
      // The caller has reset it, most often because the probe is over.
      if (!isNativeError(thrown)) throw thrown;
      this[Symbol.dispose]();
    }
  }

  #listen(): void {
    const bytes = receive(this.#fd, callBytes - this.#said.length);
    if (bytes === undefined) return;
    this.#said = Buffer.concat([this.#said, bytes]);
    if (bytes.length === 0) return this[Symbol.dispose]();
    if (this.#said.length < callBytes) return;
    if (!this.#said.equals(callOf(this.#token))) return this[Symbol.dispose]();
    this.#isOurs = true;
    clearTimeout(this.#timer);
    send(this.#fd, answerOf(this.#token, isMptcp(this.#fd) ? 'mptcp' : 'tcp'));
  }

  #readOn(): 'more' | 'done' {
    const count = discard(this.#fd, Caller.#scratch);
    if (count === undefined) return 'done';
    if (count === 0) {
      this[Symbol.dispose]();
      return 'done';
    }
    if (this.#read < fullSizeBytes && this.#read + count >= fullSizeBytes) send(this.#fd, Buffer.of(1));
    this.#read += count;
    return 'more';
  }
}
