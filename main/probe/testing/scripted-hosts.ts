import type { HostFacts, NetworkInterface } from '#contract/host.ts';
import type { Path, PathManagerChange } from '#contract/migration.ts';
import type {
  PourOrder,
  ProbeAttempt,
  ProbeConnection,
  ProbeConnectOrder,
  ProbeHost,
  ProbeListenOrder,
  ProbeReading,
  ProbeSubflow,
} from '#main/probe/ports.ts';

/** How one path behaves in a test. */
export interface ScriptedPath {
  /** Of plain TCP, by port; what is not named connects. */
  readonly tcp?: (port: number) => ProbeAttempt['kind'];
  /** Of a connection that offers MPTCP, before anything else is asked. */
  readonly mptcp?: 'mptcp' | 'tcp' | Exclude<ProbeAttempt['kind'], 'connected'>;
  readonly losesFullSize?: boolean;
  readonly refusesJoins?: boolean;
  readonly bitsPerSecond?: number;
  readonly rttMs?: number;
}

export const wantedPort = 4444;
export const otherPort = 40_000;
/** On which another program listens. */
export const takenPort = 4445;

export const pathOf = (n: number): Path => ({
  sourceInterface: `eth${n}`,
  sourceAddress: `10.0.${n}.1`,
  destinationInterface: `eth${n}`,
  destinationAddress: `10.0.${n}.2`,
  mtu: 1500,
});

/** Two hosts with so many paths between them, and what was asked of them in its order. */
export function scriptedHosts(...paths: readonly ScriptedPath[]) {
  const asked: string[] = [];
  const all = paths.map((_, index) => pathOf(index + 1));
  const note = (what: string): void => void asked.push(what);
  let nowMs = 0;
  const clock = {
    monoMs: () => nowMs,
    epochMs: () => 1_795_000_000_000,
    sleep: async (ms: number) => void (nowMs += ms),
  };

  const connection = (order: ProbeConnectOrder, own: ScriptedPath, protocol: 'mptcp' | 'tcp'): ProbeConnection => {
    const first = paths.indexOf(own);
    const members = paths.flatMap((path, index) =>
      index === first || (protocol === 'mptcp' && path.refusesJoins !== true) ? [{ path, index }] : [],
    );
    let stuck = false;
    let filledMs = 0;
    const reading = (): ProbeReading => ({
      atMonoMs: nowMs,
      closed: [],
      subflows: members.map(({ path, index }): ProbeSubflow => {
        const { bitsPerSecond = 100e6, rttMs = 0.2 } = path;
        return {
          id: index + 1,
          localAddress: `10.0.${index + 1}.1`,
          remoteAddress: `10.0.${index + 1}.2`,
          state: 'established',
          bytesAcked: 33 + (filledMs * bitsPerSecond) / 8000,
          minRttMs: rttMs,
          pathMtuBytes: 1500,
          consecutiveTimeouts: stuck ? 2 : 0,
          retransmittedSegments: 0,
          limitedByReceiverMs: 0,
        };
      }),
    });
    return {
      protocol,
      sendFullSize: async () => {
        stuck = own.losesFullSize === true;
        return !stuck;
      },
      reading: async () => reading(),
      pour: async ({ forMs, everyMs }: PourOrder, onReading) => {
        note(`fill ${order.mptcp ? 'all' : `10.0.${first + 1}.1`}`);
        for (filledMs = everyMs; filledMs <= forMs; filledMs += everyMs) {
          nowMs += everyMs;
          if (onReading(reading()) === 'enough') break;
        }
        return { sentBytes: 0, brokenBy: undefined, wasFull: true };
      },
      [Symbol.dispose]: () => undefined,
    };
  };

  const connectForProbe = async (order: ProbeConnectOrder): Promise<ProbeAttempt> => {
    const own = paths[all.findIndex(({ sourceAddress }) => sourceAddress === order.from)];
    if (!own) return { kind: 'not-asked', code: 'EADDRNOTAVAIL' };
    const plain = own.tcp?.(order.to.port) ?? 'connected';
    const kind = order.mptcp && plain === 'connected' ? (own.mptcp ?? 'mptcp') : plain;
    if (kind === 'connected') return { kind, connection: connection(order, own, 'tcp') };
    if (kind === 'mptcp' || kind === 'tcp') return { kind: 'connected', connection: connection(order, own, kind) };
    return { kind, code: 'E' };
  };

  const host = (id: string, last: number): ProbeHost & { factsNow: HostFacts } => {
    const factsNow = factsOf(id, last, all.length);
    const set: PathManagerChange[] = [];
    return {
      id,
      factsNow,
      facts: async () => withChanges(factsNow, set),
      changePathManager: async ({ planned }) => {
        note(`change ${id}`);
        set.push(...planned);
      },
      restorePathManager: async () => note(`restore ${id}`),
      listenForProbe: async ({ port, host: address }: ProbeListenOrder) => {
        const open = port === 0 || port === takenPort ? otherPort : port;
        note(`listen ${address} ${open}`);
        return { port: open, linkAddresses: [], [Symbol.dispose]: () => note(`close ${open}`) };
      },
      connectForProbe,
    };
  };
  return { source: host('a', 1), destination: host('b', 2), paths: all, asked, clock };
}

function withChanges(facts: HostFacts, changes: readonly PathManagerChange[]): HostFacts {
  const endpoints = changes.flatMap((change, index) =>
    change.kind === 'add-endpoint' ? [{ ...change.endpoint, id: index + 1 }] : [],
  );
  const limits = changes.flatMap((change) => (change.kind === 'set-limits' ? [change.limits] : [])).at(-1);
  return { ...facts, mptcp: { ...facts.mptcp, endpoints, ...(limits ? { limits } : {}) } };
}

function factsOf(id: string, last: number, count: number): HostFacts {
  const interfaces = Array.from({ length: count }, (_, index): NetworkInterface => {
    const addresses = [{ address: `10.0.${index + 1}.${last}`, prefixLength: 24 }];
    return { name: `eth${index + 1}`, index: index + 2, up: true, carrier: true, mtu: 1500, addresses };
  });
  const limits = { subflows: 2, addAddrAccepted: 0 };
  const mptcp = { usable: true, sysctls: {}, endpoints: [], limits, counters: {} };
  return {
    id,
    kind: 'namespace',
    hostname: id,
    kernel: '6.1.0',
    bootId: 'boot',
    memoryAvailableBytes: 0,
    interfaces,
    mptcp,
  };
}
