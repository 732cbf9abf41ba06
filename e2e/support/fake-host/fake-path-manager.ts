import { constants } from 'node:os';
import { invalidRequest, SwitchyardError } from '#contract/errors.ts';
import type { HostFacts } from '#contract/host.ts';
import { endpointMaximum, whyNotEndpoint } from '#contract/mptcp-endpoint-rules.ts';
import type { HostMptcpChange } from '#contract/requests.ts';

/** The host after a change to its MPTCP settings; refuses what the kernel would refuse. */
export function withMptcpChange(host: HostFacts, change: HostMptcpChange): HostFacts {
  const { endpoints, limits } = host.mptcp;
  switch (change.kind) {
    case 'set-limits':
      return { ...host, mptcp: { ...host.mptcp, limits: { ...limits, ...change.limits } } };
    case 'add-endpoint': {
      const { endpoint } = change;
      const action = `add the MPTCP endpoint ${endpoint.address}`;
      const why = whyNotEndpoint(endpoint);
      if (why !== undefined) throw refusal(action, 'EINVAL', why, 'Fix what the kernel reports, then try again.');
      const taken = endpoints.some(({ address, port }) => address === endpoint.address && port === endpoint.port);
      if (taken || endpoints.length >= endpointMaximum) {
        const [code, remedy] = taken
          ? (['EEXIST', 'The address is an endpoint already: change or remove that one.'] as const)
          : (['ERANGE', 'A host keeps eight MPTCP endpoints: remove one first.'] as const);
        throw refusal(action, code, `too many addresses or duplicate one: -${constants.errno[code]}`, remedy);
      }
      const ids = new Set(endpoints.map(({ id }) => id));
      let id = 1;
      while (ids.has(id)) id += 1;
      return withEndpoints(host, [...endpoints, { ...endpoint, id }]);
    }
    case 'remove-endpoint':
      requireThere(host, change.endpoint.id);
      return withEndpoints(
        host,
        endpoints.filter(({ id }) => id !== change.endpoint.id),
      );
    case 'set-endpoint-flags':
      requireThere(host, change.endpoint.id);
      return withEndpoints(
        host,
        endpoints.map((each) =>
          each.id === change.endpoint.id
            ? {
                ...each,
                flags: [...each.flags.filter((flag) => flag !== 'backup' && flag !== 'fullmesh'), ...change.flags],
              }
            : each,
        ),
      );
  }
}

function withEndpoints(host: HostFacts, endpoints: HostFacts['mptcp']['endpoints']): HostFacts {
  return { ...host, mptcp: { ...host.mptcp, endpoints } };
}

function requireThere({ id: hostId, mptcp }: HostFacts, id: number): void {
  if (mptcp.endpoints.some((each) => each.id === id)) return;
  throw invalidRequest(
    `${hostId} has no MPTCP endpoint with id ${id} any more.`,
    'Look at the host again; another program may have changed it.',
    'change.endpoint',
  );
}

function refusal(
  action: string,
  code: 'EINVAL' | 'EEXIST' | 'ERANGE',
  explanation: string,
  remedy: string,
): SwitchyardError {
  const text = `Could not ${action}: the kernel refused (netlink: ${code}). The kernel says: ${explanation}.`;
  return new SwitchyardError({ kind: 'native', syscall: 'netlink', errno: constants.errno[code], code, text, remedy });
}
