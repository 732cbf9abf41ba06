/** TCP states in the kernel's numbering (include/net/tcp_states.h), from 1; MPTCP sockets use the same. */
const states = [
  'established',
  'syn-sent',
  'syn-received',
  'fin-wait-1',
  'fin-wait-2',
  'time-wait',
  'closed',
  'close-wait',
  'last-ack',
  'listen',
  'closing',
  'new-syn-received',
] as const;

export type TcpState = (typeof states)[number];

export function tcpStateOf(number: number): TcpState | undefined {
  return states[number - 1];
}

/** The bit set that a socket dump takes. */
export function stateMask(wanted: readonly TcpState[]): number {
  return wanted.reduce((mask, state) => mask | (1 << (states.indexOf(state) + 1)), 0);
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
