import type { Milliseconds } from '#contract/units.ts';
import type { ClosedSubflow, SocketName } from '#main/engine/ports.ts';
import { otherMachineAt } from '#main/hosts/duplicate-address.ts';
import { openStream } from '#main/hosts/own-sockets/open-stream.ts';
import { addressOf, nameOf } from '#main/hosts/own-sockets/socket-name.ts';
import type { NetworkPlace } from '#main/hosts/network-place.ts';
import { watchClosedSubflows, type ClosedSubflows } from '#main/mptcp/closed-subflows.ts';
import type {
  Poured,
  PourOrder,
  ProbeAttempt,
  ProbeConnection,
  ProbeConnectOrder,
  ProbeReading,
} from '#main/probe/ports.ts';
import type { Fd } from '#native/fd.ts';
import { isMptcp } from '#native/is-mptcp.ts';
import { readMptcpInfo } from '#native/mptcp-info.ts';
import { isNativeError } from '#native/native-error.ts';
import { waitUntilReady, watchReadiness } from '#native/readiness.ts';
import { bind, connect, localAddress, receive, reset, send } from '#native/socket.ts';
import { forOneSlice } from './slice.ts';
import { readSubflows } from './subflows.ts';
import { answerBytes, callOf, fullSizeBytes, heard } from './words.ts';

const zeros = Buffer.alloc(256 * 1024);

/** Connects from one address of this place to the listener of a probe. Rejects with a `NativeError` where it is our own fault. */
export async function connectForProbe(place: NetworkPlace, order: ProbeConnectOrder): Promise<ProbeAttempt> {
  if (order.onlyTheirs === true && (await leadsElsewhere(place, order))) return stranger;
  const target = addressOf(order.to);
  using held = new DisposableStack();
  const { fd } = openStream(place, target.family, order.mptcp);
  // A reset takes back what was not sent; a connection that was never made is closed by it as well.
  held.defer(() => reset(fd));
  try {
    // A join can be refused within a millisecond: this has to listen before there is a connection.
    const closed = order.mptcp ? await watchClosedSubflows(place.namespace) : undefined;
    if (closed) held.use(closed);
    bind(fd, addressOf({ address: order.from, port: 0 }));
    await connect(fd, target, { timeoutMs: order.timeoutMs });
    const protocol = await introduced(fd, order);
    if (protocol === undefined) return stranger;
    return { kind: 'connected', connection: new Connection(fd, protocol, closed, held.move()) };
  } catch (thrown) {
    const kind = isNativeError(thrown) ? kindOf[thrown.code] : undefined;
    if (!isNativeError(thrown) || kind === undefined) throw thrown;
    if ((kind === 'refused' || kind === 'unanswered') && (await leadsElsewhere(place, order))) return stranger;
    return { kind, code: thrown.code };
  }
}

const stranger = { kind: 'stranger', code: 'EPROTO' } as const;

async function leadsElsewhere(place: NetworkPlace, { to, linkAddresses }: ProbeConnectOrder): Promise<boolean> {
  return linkAddresses !== undefined && (await otherMachineAt(place, to.address, linkAddresses)) !== undefined;
}

/** connect(2), tcp(7) and what a firewall's rejections become (icmp_err_convert, net/ipv4/icmp.c). */
const kindOf: Readonly<Record<string, Exclude<ProbeAttempt['kind'], 'connected'>>> = {
  ECONNREFUSED: 'refused',
  EACCES: 'refused',
  EPERM: 'refused',
  ECONNRESET: 'stranger',
  EPIPE: 'stranger',
  ETIMEDOUT: 'unanswered',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETDOWN: 'unreachable',
  EADDRNOTAVAIL: 'not-asked',
  EAFNOSUPPORT: 'not-asked',
};

/** Says the token and hears the answer: what the connection is to both kernels, `undefined` where somebody else answers. */
async function introduced(fd: Fd, { token, timeoutMs }: ProbeConnectOrder): Promise<'mptcp' | 'tcp' | undefined> {
  send(fd, callOf(token));
  const bytes = await received(fd, answerBytes, timeoutMs);
  const there = bytes && heard(bytes, token);
  if (there === undefined) return undefined;
  return there === 'mptcp' && isMptcp(fd) ? 'mptcp' : 'tcp';
}

/** So many bytes, in this time; `undefined` where they do not come. */
async function received(fd: Fd, count: number, timeoutMs: Milliseconds): Promise<Buffer | undefined> {
  const deadlineMonoMs = performance.now() + timeoutMs;
  let bytes = Buffer.alloc(0);
  while (bytes.length < count) {
    const leftMs = deadlineMonoMs - performance.now();
    if (leftMs <= 0 || !(await waitUntilReady(fd, 'readable', { timeoutMs: leftMs }))) return undefined;
    const more = receive(fd, count - bytes.length);
    if (more?.length === 0) return undefined;
    if (more) bytes = Buffer.concat([bytes, more]);
  }
  return bytes;
}

class Connection implements ProbeConnection {
  readonly protocol: 'mptcp' | 'tcp';
  readonly #fd: Fd;
  readonly #local: SocketName;
  readonly #closed: Pick<ClosedSubflows, 'of'> | undefined;
  readonly #held: DisposableStack;

  /** `held` closes all of it. */
  constructor(
    fd: Fd,
    protocol: 'mptcp' | 'tcp',
    closed: Pick<ClosedSubflows, 'of'> | undefined,
    held: DisposableStack,
  ) {
    this.#fd = fd;
    this.protocol = protocol;
    this.#local = nameOf(localAddress(fd));
    this.#closed = closed;
    this.#held = held;
  }

  [Symbol.dispose](): void {
    this.#held.dispose();
  }

  async sendFullSize(timeoutMs: Milliseconds): Promise<boolean> {
    const deadlineMonoMs = performance.now() + timeoutMs;
    try {
      for (let sent = 0; sent < fullSizeBytes;) {
        const leftMs = deadlineMonoMs - performance.now();
        if (leftMs <= 0) return false;
        await waitUntilReady(this.#fd, 'writable', { timeoutMs: leftMs });
        sent += send(this.#fd, zeros.subarray(0, fullSizeBytes - sent));
      }
      return (await received(this.#fd, 1, Math.max(1, deadlineMonoMs - performance.now()))) !== undefined;
    } catch (thrown) {
      if (!isNativeError(thrown)) throw thrown;
      return false;
    }
  }

  reading(): Promise<ProbeReading> {
    return Promise.resolve(this.#read());
  }

  async pour(
    { forMs, everyMs, mostBytes }: PourOrder,
    onReading: (reading: ProbeReading) => 'more' | 'enough',
  ): Promise<Poured> {
    const filled = { sentBytes: 0, brokenBy: undefined as string | undefined, wasFull: false };
    const end = Promise.withResolvers<void>();
    using stack = new DisposableStack();
    const guarded = (work: () => void) => (): void => {
      try {
        work();
      } catch (thrown) {
        if (isNativeError(thrown)) {
          filled.brokenBy = thrown.code;
          end.resolve();
        } else end.reject(thrown);
      }
    };
    const write = (): 'more' | 'done' => {
      const left = mostBytes - filled.sentBytes;
      if (left <= 0) {
        end.resolve();
        return 'done';
      }
      const taken = send(this.#fd, zeros.subarray(0, Math.min(left, zeros.length)));
      filled.sentBytes += taken;
      if (taken < Math.min(left, zeros.length)) filled.wasFull = true;
      return taken > 0 ? 'more' : 'done';
    };
    stack.use(
      watchReadiness(
        this.#fd,
        'writable',
        guarded(() => forOneSlice(write)),
      ),
    );
    const clock = setInterval(
      guarded(() => {
        if (onReading(this.#read()) === 'enough') end.resolve();
      }),
      everyMs,
    );
    stack.defer(() => clearInterval(clock));
    const timer = setTimeout(end.resolve, forMs);
    stack.defer(() => clearTimeout(timer));
    await end.promise;
    return filled;
  }

  #read(): ProbeReading {
    return {
      atMonoMs: performance.now(),
      subflows: readSubflows(this.#fd, this.#local),
      closed: this.#closedOnes(),
    };
  }

  #closedOnes(): readonly ClosedSubflow[] {
    const token = this.#closed && readMptcpInfo(this.#fd)?.token;
    return token === undefined ? [] : (this.#closed?.of(token) ?? []);
  }
}
