import { invalidRequest, SwitchyardError } from '#contract/errors.ts';
import type { MptcpEndpoint } from '#contract/host.ts';
import type { HostMptcpChange } from '#contract/requests.ts';
import type { MptcpPathManager } from '#native/netlink/mptcp-path-manager.ts';
import { NetlinkError } from '#native/netlink/netlink-error.ts';
import { openPathManager } from '#native/netlink/open-session.ts';
import { readInterfaces } from './facts/interfaces.ts';
import type { NetworkPlace } from './network-place.ts';

/**
 * One change of the operator's to the MPTCP path manager of a network namespace. Unlike a migration's own changes it
 * stays, and what is there already is a refusal. Needs CAP_NET_ADMIN there.
 */
export async function changeMptcp(hostId: string, { namespace }: NetworkPlace, change: HostMptcpChange): Promise<void> {
  using manager = await openPathManager(namespace);
  await inOperatorTerms(async () => {
    switch (change.kind) {
      case 'set-limits':
        await manager.setLimits(change.limits);
        return;
      case 'add-endpoint':
        await manager.addEndpoint(await located(hostId, namespace, change.endpoint));
        return;
      case 'remove-endpoint':
        await requireSame(hostId, manager, change.endpoint);
        await manager.removeEndpoint(change.endpoint.id);
        return;
      case 'set-endpoint-flags':
        await requireSame(hostId, manager, change.endpoint);
        await manager.setEndpointFlags({ id: change.endpoint.id }, change.flags);
        return;
    }
  });
}

type Added = Extract<HostMptcpChange, { kind: 'add-endpoint' }>['endpoint'];

/** The kernel takes any address, and would make nothing of one that the host does not have. */
async function located(hostId: string, namespace: NetworkPlace['namespace'], { interface: name, ...endpoint }: Added) {
  const owner = (await readInterfaces(namespace)).find(
    (each) =>
      (name === undefined || each.name === name) && each.addresses.some(({ address }) => address === endpoint.address),
  );
  if (owner) return { ...endpoint, interfaceIndex: name === undefined ? undefined : owner.index };
  throw invalidRequest(
    `${hostId} does not have the address ${endpoint.address}${name === undefined ? '' : ` on ${name}`}.`,
    'Look at its interfaces again, and choose an address of theirs.',
    'change.endpoint',
  );
}

/** An id that has been given to another one meanwhile must not have it suffer. */
async function requireSame(
  hostId: string,
  manager: MptcpPathManager,
  { id, address, port }: MptcpEndpoint,
): Promise<void> {
  const found = (await manager.endpoints()).find((each) => each.id === id);
  if (found?.address === address && found.port === port) return;
  throw invalidRequest(
    found === undefined
      ? `${hostId} has no MPTCP endpoint with id ${id} any more.`
      : `The MPTCP endpoint with id ${id} of ${hostId} is ${found.address} by now, not ${address}.`,
    'Look at the host again; another program may have changed it.',
    'change.endpoint',
  );
}

async function inOperatorTerms(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    if (!(thrown instanceof NetlinkError)) throw thrown;
    const { syscall, errno, code, message: text } = thrown;
    throw new SwitchyardError(
      { kind: 'native', syscall, errno, code, text, remedy: remedyFor(code) },
      { cause: thrown },
    );
  }
}

/** What these codes of the kernel mean for an endpoint (net/mptcp/pm_kernel.c). */
function remedyFor(code: string): string {
  switch (code) {
    case 'EPERM':
      return 'Run Switchyard as root, or run the command as root on that host.';
    case 'EEXIST':
      return 'The address is an endpoint already: change or remove that one.';
    case 'ERANGE':
      return 'A host keeps eight MPTCP endpoints: remove one first.';
    case 'EADDRINUSE':
      return 'Another program listens on that port: choose another one, or none.';
    case 'EADDRNOTAVAIL':
      return 'Bring the interface of that address up, or leave the port out.';
    default:
      return 'Fix what the kernel reports, then try again.';
  }
}
