import { shellWord } from '#contract/plain-text.ts';

/** A route to one host alone. */
export function hostRouteCommand(route: {
  readonly to: string;
  readonly gateway: string | undefined;
  readonly interface: string;
  readonly source: string;
}): string {
  const { to, gateway, interface: name, source } = route;
  const via = gateway === undefined ? '' : `via ${gateway} `;
  return `ip route add ${to}/${to.includes(':') ? 128 : 32} ${via}dev ${shellWord(name)} src ${source}`;
}
