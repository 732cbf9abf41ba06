import type { Path, Plan } from '#contract/migration.ts';
import type { PathEnd } from './ports.ts';
import type { ChangedPath } from './state.ts';

/**
 * How the destination announces its end of a path: as it was planned, as it was already, or, for the path that the
 * connection begins with, as it was not needed so far. `undefined` where the address is an endpoint of another program that
 * is not announced: then the path is not ours to take away, since we could not give it back.
 */
export function announcementOf(plan: Plan, path: Path): PathEnd | undefined {
  const address = path.destinationAddress;
  for (const change of plan.preparation.destination) {
    if (change.kind === 'add-endpoint' && change.endpoint.address === address) return change.endpoint;
  }
  const present = plan.destination.mptcp.endpoints.find(
    (endpoint) => endpoint.address === address && !endpoint.flags.includes('implicit'),
  );
  if (!present) return { address, interface: path.destinationInterface, flags: ['signal'] };
  const { id: _id, ...rest } = present;
  return rest.flags.includes('signal') ? rest : undefined;
}

/** The same, paused or not as the operator wants it. */
export function asWanted(end: PathEnd, wanted: ChangedPath['wanted']): PathEnd {
  if (wanted === undefined) return end;
  const flags = end.flags.filter((flag) => flag !== 'backup');
  return { ...end, flags: wanted === 'paused' ? [...flags, 'backup'] : flags };
}
