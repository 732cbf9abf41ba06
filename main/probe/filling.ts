import type { Path } from '#contract/migration.ts';
import type { BitsPerSecond, Bytes, Milliseconds } from '#contract/units.ts';
import type { Clock } from '#main/engine/ports.ts';
import { capacityOf, fillingMs, hasSettled, isUnclear, type FlowPoint } from './capacity.ts';
import type { ProbeConnection, ProbeHost, ProbeReading, ProbeSubflow, ProbeToken } from './ports.ts';

export interface FillingOrder {
  readonly source: Pick<ProbeHost, 'connectForProbe'>;
  readonly clock: Pick<Clock, 'sleep'>;
  /** The first is connected, the others may join. */
  readonly paths: readonly [Path, ...Path[]];
  readonly port: number;
  readonly token: ProbeToken;
  readonly mptcp: boolean;
  readonly longestRttMs: Milliseconds;
  readonly mostBytes: Bytes;
}

/** What all paths carried at once. */
export interface FillingResult {
  readonly protocol: 'mptcp' | 'tcp';
  /** As the connection was when it ended. */
  readonly last: ProbeReading;
  /** One for each path, in their order. */
  readonly paths: readonly PathFilling[];
  readonly sentBytes: Bytes;
  readonly isUnclear: boolean;
}

export interface PathFilling {
  readonly joined: boolean;
  readonly bitsPerSecond: BitsPerSecond | undefined;
  /** The sender or the receiver was the limit, not the path. */
  readonly isLeast: boolean;
}

const connectTimeoutMs: Milliseconds = 1300;
const readEveryMs: Milliseconds = 10;
/** A join takes two round trips and is tried again after a second; data that flows before it is there delays it. */
const joinWithinMs: Milliseconds = 400;
const joinRoundTrips = 4;
/** Of the time, in which the receiver's window was closed. */
const receiverLimits = 0.3;

/** One connection over all paths, filled for half a second; `undefined` where the first does not connect. */
export async function fillPaths(order: FillingOrder): Promise<FillingResult | undefined> {
  const [first] = order.paths;
  const attempt = await order.source.connectForProbe({
    from: first.sourceAddress,
    to: { address: first.destinationAddress, port: order.port },
    mptcp: order.mptcp,
    token: order.token,
    timeoutMs: connectTimeoutMs,
  });
  if (attempt.kind !== 'connected') return undefined;
  using connection = attempt.connection;
  const before = await untilJoined(connection, order);
  const points: FlowPoint[] = [{ atMs: 0, bytes: order.paths.map(() => 0) }];
  let last = before;
  const settling = (): readonly FlowPoint[] =>
    onlyOf(
      points,
      order.paths.map((path) => isJoined(path, last)),
    );
  const filled = await connection.pour(
    { forMs: fillingMs(order.longestRttMs), everyMs: readEveryMs, mostBytes: order.mostBytes },
    (reading) => {
      last = reading;
      const atMs = reading.atMonoMs - before.atMonoMs;
      points.push({ atMs, bytes: order.paths.map((path) => bytesOf(path, before, reading)) });
      return hasSettled(settling()) ? 'enough' : 'more';
    },
  );
  const elapsedMs = last.atMonoMs - before.atMonoMs;
  return {
    protocol: connection.protocol,
    last,
    sentBytes: filled.sentBytes,
    isUnclear: filled.brokenBy !== undefined || isUnclear(settling()),
    paths: order.paths.map((path, index): PathFilling => {
      const own = subflowsOf(path, last);
      const waitedMs = Math.max(0, ...own.map(({ limitedByReceiverMs }) => limitedByReceiverMs));
      return {
        joined: own.some(({ state }) => state === 'established'),
        bitsPerSecond: capacityOf(points, index),
        isLeast: !filled.wasFull || waitedMs > receiverLimits * elapsedMs,
      };
    }),
  };
}

/** A stalled half-second at the start comes from sending before the joins are over: they are waited for, a moment. */
async function untilJoined(connection: ProbeConnection, order: FillingOrder): Promise<ProbeReading> {
  const waitMs = joinWithinMs + joinRoundTrips * order.longestRttMs;
  let reading = await connection.reading();
  const since = reading.atMonoMs;
  while (connection.protocol === 'mptcp' && reading.atMonoMs - since < waitMs) {
    const joined = order.paths.filter((path) => isJoined(path, reading));
    if (joined.length === order.paths.length) break;
    await order.clock.sleep(readEveryMs);
    reading = await connection.reading();
  }
  return reading;
}

function isJoined(path: Path, reading: ProbeReading): boolean {
  return subflowsOf(path, reading).some(({ state }) => state === 'established');
}

function subflowsOf({ sourceAddress, destinationAddress }: Path, { subflows }: ProbeReading): ProbeSubflow[] {
  return subflows.filter((each) => each.localAddress === sourceAddress && each.remoteAddress === destinationAddress);
}

/** Since filling began. */
function bytesOf(path: Path, before: ProbeReading, reading: ProbeReading): Bytes {
  const sum = (each: ProbeReading): Bytes =>
    subflowsOf(path, each).reduce((all, { bytesAcked }) => all + bytesAcked, 0);
  return Math.max(0, sum(reading) - sum(before));
}

/** A path without a subflow has nothing to settle; one with a subflow that carries nothing has not settled. */
function onlyOf(points: readonly FlowPoint[], joined: readonly boolean[]): readonly FlowPoint[] {
  return points.map(({ atMs, bytes }) => ({ atMs, bytes: bytes.filter((_, index) => joined[index]) }));
}
