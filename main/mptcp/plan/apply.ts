import type { MptcpPathManager } from '#native/netlink/mptcp-path-manager.ts';
import { wasRefused } from '#native/netlink/netlink-error.ts';
import type { PathChange } from './change.ts';

/** The requests that a plan is made of. */
export type PathManagerPort = Pick<MptcpPathManager, 'addEndpoint' | 'removeEndpoint' | 'setLimits'>;

/** An interface of the plan that is not there (any more). */
export class InterfaceGoneError extends Error {
  override readonly name = 'InterfaceGoneError';
}

/**
 * Does what was planned, in order. May be done again after a crash: an endpoint that is there already is taken as done,
 * and so is one to be removed that is not there. Throws what the kernel says when it refuses; what was done before stays
 * done, and the restore takes it back.
 */
export function applyPathChanges(
  manager: PathManagerPort,
  changes: readonly PathChange[],
  interfaceIndexOf: (name: string) => number | undefined,
): void {
  for (const change of changes) {
    switch (change.kind) {
      case 'set-limits':
        manager.setLimits(change.limits);
        break;
      case 'remove-endpoint':
        // EINVAL is the kernel's answer for an id that it does not have.
        unlessRefused('EINVAL', () => manager.removeEndpoint(change.endpoint.id));
        break;
      case 'add-endpoint': {
        const { interface: name, ...endpoint } = change.endpoint;
        const interfaceIndex = name === undefined ? undefined : interfaceIndexOf(name);
        if (name !== undefined && interfaceIndex === undefined) {
          throw new InterfaceGoneError(
            `There is no interface ${name} to bind the MPTCP endpoint ${endpoint.address} to.`,
          );
        }
        unlessRefused('EEXIST', () => manager.addEndpoint({ ...endpoint, interfaceIndex }));
        break;
      }
    }
  }
}

function unlessRefused(code: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!wasRefused(error, code)) throw error;
  }
}
