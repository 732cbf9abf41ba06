import type { TrialDoor, TrialListener, TrialSecret } from '#main/engine/ports.ts';
import { linkAddressesOf } from '#main/hosts/duplicate-address.ts';
import type { NetworkPlace } from '#main/hosts/network-place.ts';
import { addressOf, nameOf } from '#main/hosts/own-sockets/socket-name.ts';
import { openStream } from '#main/hosts/own-sockets/open-stream.ts';
import type { Fd } from '#native/fd.ts';
import { isNativeError } from '#native/native-error.ts';
import { watchReadiness, type ReadinessWatch } from '#native/readiness.ts';
import { setSocketOption } from '#native/socket-options.ts';
import { accept, bind, listen, localAddress, reset, send } from '#native/socket.ts';
import { bulkBytes, newSecret, secretBytes } from './protocol.ts';
import { receiveAll, type TrialTime } from './stream.ts';

export interface TrialPort {
  readonly host: string;
  readonly port: number;
  readonly lastPort?: number;
}

/** Any longer a caller is not the source: it gives up before. */
const patienceMs = 10_000;
/** There are fewer paths than that; of more callers, each that comes too many is reset. */
const mostCallers = 64;

/**
 * Listens in this place on the first port that is free; where it was named, on one that the kernel chooses as well. Rejects
 * with a `NativeError`; nothing is open then.
 */
export async function answerTrials(place: NetworkPlace, { host, port, lastPort = port }: TrialPort): Promise<Trials> {
  const secret = newSecret();
  if (port === 0) return listenOn(place, { host, port, secret });
  const linkAddresses = await linkAddressesOf(place);
  using undone = new DisposableStack();
  const second = undone.use(listenOn(place, { host, port: 0, secret }));
  const trials = listenInRange(place, { host, port, lastPort, secret });
  undone.move();
  return trials.behind(second, { port: second.port, linkAddresses });
}

interface Listening extends TrialPort {
  readonly secret: TrialSecret;
}

function listenInRange(place: NetworkPlace, { host, port, lastPort = port, secret }: Listening): Trials {
  for (let next = port; ; next += 1) {
    try {
      return listenOn(place, { host, port: next, secret });
    } catch (thrown) {
      if (!isNativeError(thrown, 'EADDRINUSE') || next >= lastPort) throw thrown;
    }
  }
}

function listenOn(place: NetworkPlace, { host, port, secret }: Omit<Listening, 'lastPort'>): Trials {
  const address = addressOf({ address: host, port });
  const { fd } = openStream(place, address.family, false);
  try {
    setSocketOption(fd, 'reuseAddress', true);
    bind(fd, address);
    listen(fd, mostCallers);
    return new Trials(fd, secret);
  } catch (thrown) {
    fd[Symbol.dispose]();
    throw thrown;
  }
}

/** Answers whoever knows the secret, and resets every other caller. */
export class Trials implements TrialListener {
  readonly port: number;
  readonly secret: TrialSecret;
  door?: TrialDoor;
  #second: Disposable | undefined;
  readonly #fd: Fd;
  readonly #over = new AbortController();
  readonly #watch: ReadinessWatch;
  #callers = 0;

  /** Takes over the descriptor. */
  constructor(fd: Fd, secret: TrialSecret) {
    this.#fd = fd;
    this.secret = secret;
    this.port = nameOf(localAddress(fd)).port;
    this.#watch = watchReadiness(fd, 'readable', () => this.#take());
    this.#watch.unref();
  }

  /** Takes over the second listener. */
  behind(second: Disposable, door: TrialDoor): this {
    this.#second = second;
    this.door = door;
    return this;
  }

  [Symbol.dispose](): void {
    this.#second?.[Symbol.dispose]();
    this.#over.abort();
    this.#watch[Symbol.dispose]();
    this.#fd[Symbol.dispose]();
  }

  /** One a turn of the event loop, so that a flood holds up nothing else. */
  #take(): void {
    let caller: ReturnType<typeof accept>;
    try {
      caller = accept(this.#fd);
    } catch (thrown) {
      // The caller is gone again, or this process has no descriptor left: then the trial that needs one fails.
      if (!isNativeError(thrown)) throw thrown;
      return;
    }
    if (!caller) return;
    const { connection } = caller;
    if (this.#callers >= mostCallers) return reset(connection);
    this.#callers += 1;
    this.#answer(connection)
      .catch(ignoreLost)
      .finally(() => {
        this.#callers -= 1;
        reset(connection);
      });
  }

  async #answer(connection: Fd): Promise<void> {
    const time: TrialTime = { untilMonoMs: performance.now() + patienceMs, signal: this.#over.signal };
    const answer = Buffer.from(this.secret.answer, 'hex');
    const call = await receiveAll(connection, secretBytes, time);
    if (call?.equals(Buffer.from(this.secret.call, 'hex')) !== true) return;
    // So few bytes the kernel always takes.
    send(connection, answer);
    const bulk = await receiveAll(connection, bulkBytes, time);
    if (bulk?.length !== bulkBytes) return;
    send(connection, answer);
    // The caller closes: a reset from here could overtake the answer.
    await receiveAll(connection, 1, time);
  }
}

/** The trial is over, or the connection broke: its other end reports what is to be reported. */
function ignoreLost(thrown: unknown): void {
  if (!isNativeError(thrown) && !(thrown instanceof Error && thrown.name === 'AbortError')) throw thrown;
}
