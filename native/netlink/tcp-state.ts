/** TCP states in the kernel's numbering (include/net/tcp_states.h); MPTCP sockets use the same. */
const numbers = {
  established: 1,
  'syn-sent': 2,
  'syn-received': 3,
  'fin-wait-1': 4,
  'fin-wait-2': 5,
  'time-wait': 6,
  closed: 7,
  'close-wait': 8,
  'last-ack': 9,
  listen: 10,
  closing: 11,
  'new-syn-received': 12,
} as const;

export type TcpState = keyof typeof numbers;

const names: ReadonlyMap<number, TcpState> = new Map(
  (Object.keys(numbers) as TcpState[]).map((name) => [numbers[name], name]),
);

export function tcpStateOf(number: number): TcpState | undefined {
  return names.get(number);
}

/** The bit set that a socket dump takes. */
export function stateMask(states: readonly TcpState[]): number {
  return states.reduce((mask, state) => mask | (1 << numbers[state]), 0);
}

/** States in which a socket still has a peer and counters of its own. */
export const connectedStates: readonly TcpState[] = [
  'established',
  'syn-sent',
  'syn-received',
  'fin-wait-1',
  'fin-wait-2',
  'close-wait',
  'last-ack',
  'closing',
];
