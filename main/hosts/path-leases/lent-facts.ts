import type { HostFacts } from '#contract/host.ts';
import type { HeldLease } from '#contract/path-lease.ts';
import { lastingState } from '#main/mptcp/plan/lease.ts';
import type { LeaseBook } from './lease-book.ts';

/** Leases change within milliseconds of each other, and seldom. */
const mostTries = 5;

/**
 * The facts of a host, and which of its MPTCP settings are only leased. Without a lock: read again where a lease has been
 * taken or given back meanwhile, so that nothing that a migration has just set is taken for the host's own.
 */
export async function readLentFacts(
  book: Pick<LeaseBook, 'read'>,
  readFacts: () => Promise<HostFacts>,
): Promise<HostFacts> {
  for (let tries = 1; ; tries += 1) {
    const leases = book.read();
    const facts = await readFacts();
    if (tries === mostTries || JSON.stringify(book.read()) === JSON.stringify(leases)) return lent(facts, leases);
  }
}

function lent(facts: HostFacts, leases: readonly HeldLease[]): HostFacts {
  const { endpoints, limits } = facts.mptcp;
  if (leases.length === 0 || limits === undefined) return facts;
  const lasting = lastingState(leases, { endpoints, limits });
  return { ...facts, mptcp: { ...facts.mptcp, lasting: { ...lasting, endpoints: [...lasting.endpoints] } } };
}
