import { SwitchyardError } from '#contract/errors.ts';
import type { TrialOrder } from '#main/engine/ports.ts';
import type { NetworkPlace } from '#main/hosts/network-place.ts';
import { addressOf } from '#main/hosts/own-sockets/socket-name.ts';
import { openStream } from '#main/hosts/own-sockets/open-stream.ts';
import type { Fd } from '#native/fd.ts';
import { isNativeError } from '#native/native-error.ts';
import { bind, connect, reset } from '#native/socket.ts';
import { setSocketOption } from '#native/socket-options.ts';
import { bulkBytes, secretBytes } from './protocol.ts';
import { receiveAll, sendAll, type TrialTime } from './stream.ts';

/**
 * Tries one path from this place, in plain TCP: whether it leads there is the same question, and the kernel keeps no memory
 * of it. Rejects with why it does not lead to the listener that knows the secret.
 */
export async function tryPath(place: NetworkPlace, order: TrialOrder, signal: AbortSignal): Promise<void> {
  const { from, to, withinMs } = order;
  const target = addressOf(to);
  const time: TrialTime = { untilMonoMs: performance.now() + withinMs, signal };
  const { fd } = openStream(place, target.family, false);
  try {
    // What was written is sent at once, each time: the first packet is to be a small one.
    setSocketOption(fd, 'noDelay', true);
    bind(fd, addressOf({ address: from, port: 0 }));
    await connect(fd, target, { timeoutMs: withinMs, signal }).catch((thrown: unknown) => {
      throw isNativeError(thrown, 'ETIMEDOUT') ? silent(order, 'the first packet') : thrown;
    });
    await prove(fd, order, time);
  } catch (thrown) {
    if (isNativeError(thrown, 'ECONNRESET', 'EPIPE')) throw stranger(order);
    throw thrown;
  } finally {
    reset(fd);
  }
}

async function prove(fd: Fd, order: TrialOrder, time: TrialTime): Promise<void> {
  const answer = Buffer.from(order.secret.answer, 'hex');
  await sendAll(fd, Buffer.from(order.secret.call, 'hex'), time);
  const first = await receiveAll(fd, secretBytes, time);
  if (first === undefined) throw silent(order, 'what was sent after it');
  if (!first.equals(answer)) throw stranger(order);
  await sendAll(fd, Buffer.alloc(bulkBytes), time);
  const second = await receiveAll(fd, secretBytes, time);
  if (second === undefined) throw lossy(order);
  if (!second.equals(answer)) throw stranger(order);
}

function silent(order: TrialOrder, what: string): SwitchyardError {
  return failed(
    order,
    `${order.to.address} did not answer ${what} within ${order.withinMs / 1000} s`,
    'See whether a firewall or a switch on the way drops packets to that address.',
  );
}

function lossy(order: TrialOrder): SwitchyardError {
  return failed(
    order,
    `Small packets reach ${order.to.address} and full-size ones do not, or too slowly`,
    'Set the MTU of both interfaces to what the way between them carries.',
  );
}

function stranger({ to }: TrialOrder): SwitchyardError {
  return new SwitchyardError({
    kind: 'unreachable',
    host: to.address,
    text: `What answers at ${to.address} is not the destination.`,
    remedy: 'See which machine has that address: `ip neighbour` on the source shows its hardware address.',
  });
}

function failed({ to, withinMs }: TrialOrder, text: string, remedy: string): SwitchyardError {
  return new SwitchyardError({ kind: 'timeout', afterMs: withinMs, waitingFor: to.address, text: `${text}.`, remedy });
}
