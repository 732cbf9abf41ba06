import { SwitchyardError } from '#contract/errors.ts';
import type { TrialDoor, TrialOrder } from '#main/engine/ports.ts';
import { otherMachineAt } from '#main/hosts/duplicate-address.ts';
import type { NetworkPlace } from '#main/hosts/network-place.ts';
import { addressOf } from '#main/hosts/own-sockets/socket-name.ts';
import { openStream } from '#main/hosts/own-sockets/open-stream.ts';
import type { Fd } from '#native/fd.ts';
import { isNativeError } from '#native/native-error.ts';
import { bind, connect, reset } from '#native/socket.ts';
import { setSocketOption } from '#native/socket-options.ts';
import { bulkBytes, secretBytes } from './protocol.ts';
import { receiveAll, sendAll, type TrialTime } from './stream.ts';

/** For the port that the kernel chose, which a firewall may drop: the named one is tried next. */
const doorMs = 500;

/**
 * Tries one path from this place, in plain TCP: whether it leads there is the same question, and the kernel keeps no memory
 * of it. Rejects with why it does not lead to the listener that knows the secret.
 *
 * A port that was named is touched once the machine has proven itself on another port or, where a firewall lets nothing else
 * through, once the hardware address that answers is seen not to be another machine's.
 */
export async function tryPath(place: NetworkPlace, order: TrialOrder, signal: AbortSignal): Promise<void> {
  if (order.door) await refuseOtherMachine(place, { ...order, door: order.door }, signal);
  await tryPort(place, order, signal);
}

async function refuseOtherMachine(
  place: NetworkPlace,
  { door, ...order }: TrialOrder & { readonly door: TrialDoor },
  signal: AbortSignal,
): Promise<void> {
  const to = { ...order.to, port: door.port };
  try {
    await tryPort(place, { ...order, to, withinMs: doorMs }, signal);
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    const linkAddress = await otherMachineAt(place, to.address, door.linkAddresses);
    if (linkAddress !== undefined) throw anotherMachine(order, linkAddress);
  }
}

async function tryPort(place: NetworkPlace, order: TrialOrder, signal: AbortSignal): Promise<void> {
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
    'Check whether a firewall or a switch on the way drops packets to that address.',
  );
}

function lossy(order: TrialOrder): SwitchyardError {
  return failed(
    order,
    `Small packets reach ${order.to.address} and full-size ones do not, or too slowly`,
    'Set the MTU of both interfaces to what the network between them carries.',
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

function anotherMachine({ to }: TrialOrder, linkAddress: string): SwitchyardError {
  return new SwitchyardError({
    kind: 'unreachable',
    host: to.address,
    text: `Another machine, with the hardware address ${linkAddress}, answers for ${to.address}.`,
    remedy: `Give one of the two another address: no interface of the destination has ${linkAddress}.`,
  });
}

function failed({ to, withinMs }: TrialOrder, text: string, remedy: string): SwitchyardError {
  return new SwitchyardError({ kind: 'timeout', afterMs: withinMs, waitingFor: to.address, text: `${text}.`, remedy });
}
