import type { HostFacts, MptcpEndpoint } from '#contract/host.ts';
import { endpointMaximum, isUseless, whyNoPort, whyNotEndpoint } from '#contract/mptcp-endpoint-rules.ts';
import type { HostMptcpChange, OperatorEndpointFlag } from '#contract/requests.ts';

/** An address at which an endpoint can be made. */
export interface Place {
  readonly address: string;
  readonly interface: string;
}

/** The addresses of a host's interfaces that are no endpoint yet; the kernel's own notes give way to one. */
export function freePlaces({ interfaces, mptcp }: HostFacts): Place[] {
  const taken = new Set(keptEndpoints(mptcp.endpoints).map(({ address }) => address));
  return interfaces.flatMap(({ name, addresses }) =>
    addresses.flatMap(({ address }) =>
      taken.has(address) || isLinkLocal(address) ? [] : { address, interface: name },
    ),
  );
}

export function whyNoFurther(host: HostFacts): string | undefined {
  if (keptEndpoints(host.mptcp.endpoints).length >= endpointMaximum)
    return `A host keeps ${endpointMaximum} endpoints: remove one first.`;
  if (freePlaces(host).length === 0) return 'Every address of its interfaces is an endpoint already.';
  return undefined;
}

/** What stands in the form. */
export interface EndpointDraft {
  readonly place: Place;
  readonly flags: readonly OperatorEndpointFlag[];
  readonly portText: string;
}

/** In the order in which `ip mptcp endpoint` shows them. */
export const flagOrder: readonly OperatorEndpointFlag[] = ['signal', 'subflow', 'backup', 'fullmesh'];

/** A port that is no longer possible leaves with the flag that allowed it. */
export function withFlag(draft: EndpointDraft, flag: OperatorEndpointFlag, on: boolean): EndpointDraft {
  const flags = flagOrder.filter((each) => (each === flag ? on : draft.flags.includes(each)));
  return { ...draft, flags, portText: whyNoPort({ flags }) === undefined ? draft.portText : '' };
}

/** `undefined` for an empty field, `wrong` for what is no port. */
export function readPort(text: string): number | 'wrong' | undefined {
  if (text.trim() === '') return undefined;
  const port = Number(text);
  return /^\d+$/.test(text.trim()) && port >= 1 && port <= 65_535 ? port : 'wrong';
}

/** The change that the form stands for, or why it stands for none. */
export function addition({ place, flags, portText }: EndpointDraft): HostMptcpChange | string {
  const port = readPort(portText);
  if (port === 'wrong') return 'A port is a number from 1 to 65535.';
  const why = whyNotEndpoint({ flags, port });
  if (why !== undefined) return why;
  if (isUseless({ flags })) return 'Choose signal or subflow: the kernel makes no use of an endpoint without either.';
  return {
    kind: 'add-endpoint',
    endpoint: { ...place, flags: [...flags], ...(port === undefined ? {} : { port }) },
  };
}

/** Marks an endpoint as backup, or takes the mark off; nothing else about it changes. */
export function backupChange(endpoint: MptcpEndpoint, backup: boolean): HostMptcpChange {
  const kept = endpoint.flags.includes('fullmesh') ? (['fullmesh'] as const) : [];
  return { kind: 'set-endpoint-flags', endpoint, flags: [...(backup ? (['backup'] as const) : []), ...kept] };
}

export function isKernelsOwn({ flags }: MptcpEndpoint): boolean {
  return flags.includes('implicit');
}

function keptEndpoints(endpoints: readonly MptcpEndpoint[]): MptcpEndpoint[] {
  return endpoints.filter((endpoint) => !isKernelsOwn(endpoint));
}

/** Means something on its own link alone, so it is of no use to a peer that hears of it over another. */
function isLinkLocal(address: string): boolean {
  return /^fe[89ab]|^169\.254\./i.test(address);
}
