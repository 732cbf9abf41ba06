import type { OperatorEndpointFlag } from './requests.ts';

/**
 * What the kernel allows of an endpoint that is added (net/mptcp/pm_netlink.c, mptcp_pm_nl_add_addr_doit), so that a form
 * can say it before the kernel does. The kernel stays the judge.
 */
export interface EndpointWish {
  readonly flags: readonly OperatorEndpointFlag[];
  readonly port?: number | undefined;
}

/** Beyond which the kernel takes no further one in a network namespace. */
export const endpointMaximum = 8;
export const limitMaximum = 8;

/** Why a flag cannot come to what is chosen already. */
export function whyNotFlag(flag: OperatorEndpointFlag, { flags, port }: EndpointWish): string | undefined {
  const others = flags.filter((each) => each !== flag);
  if (flag === 'signal' && others.includes('fullmesh')) return 'Not together with fullmesh.';
  if (flag === 'fullmesh' && others.includes('signal')) return 'Not together with signal.';
  if (flag === 'subflow' && port !== undefined) return 'Not with a port.';
  return undefined;
}

export function whyNoPort({ flags }: Pick<EndpointWish, 'flags'>): string | undefined {
  if (!flags.includes('signal')) return 'Only with signal: it is announced.';
  if (flags.includes('subflow')) return 'Not with subflow.';
  return undefined;
}

/** Why it cannot be added as it is. `undefined`: the kernel takes it. */
export function whyNotEndpoint(wish: EndpointWish): string | undefined {
  const { flags, port } = wish;
  const byPort = port === undefined ? undefined : whyNoPort(wish);
  return byPort ?? flags.map((flag) => whyNotFlag(flag, wish)).find((why) => why !== undefined);
}

/** The kernel takes such a one, and never uses it. */
export function isUseless({ flags }: EndpointWish): boolean {
  return !flags.some((flag) => flag === 'signal' || flag === 'subflow' || flag === 'fullmesh');
}
