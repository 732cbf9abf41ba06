import type { InetAddress } from './model.ts';

/**
 * The members of InetSocketAddress beside host and port: QEMU's name, in its strings and in QAPI alike, and ours. In the
 * order in which we print them.
 */
export const inetNumbers = [
  ['to', 'to'],
  ['keep-alive-count', 'keepAliveCount'],
  ['keep-alive-idle', 'keepAliveIdleSeconds'],
  ['keep-alive-interval', 'keepAliveIntervalSeconds'],
] as const;

export const inetFlags = [
  ['numeric', 'numeric'],
  ['ipv4', 'ipv4'],
  ['ipv6', 'ipv6'],
  ['keep-alive', 'keepAlive'],
  ['mptcp', 'mptcp'],
] as const;

export const inetOptionNames: readonly string[] = [...inetNumbers, ...inetFlags].map(([name]) => name);

export type InetNumberKey = (typeof inetNumbers)[number][1];
export type InetFlagKey = (typeof inetFlags)[number][1];

const numberKeys: ReadonlyMap<string, InetNumberKey> = new Map(inetNumbers);
const flagKeys: ReadonlyMap<string, InetFlagKey> = new Map(inetFlags);

/** What an option of this name takes, and where it goes. */
export type InetOption =
  { readonly kind: 'number'; readonly key: InetNumberKey } | { readonly kind: 'flag'; readonly key: InetFlagKey };

export function inetOption(name: string): InetOption | undefined {
  const number = numberKeys.get(name);
  if (number) return { kind: 'number', key: number };
  const flag = flagKeys.get(name);
  return flag && { kind: 'flag', key: flag };
}

/** An address while it is being read. */
export type InetDraft = { -readonly [Key in keyof InetAddress]: InetAddress[Key] };
