import { SwitchyardError } from '#contract/errors.ts';
import { leaveMptcpRemedy, whyLeaveMptcp } from '#contract/host-use.ts';

/** Throws `rejected`, with the migration that is in the way, while a host's MPTCP settings are not the operator's to change. */
export function requireMptcpIsFree(hostId: string, migrations: Parameters<typeof whyLeaveMptcp>[1]): void {
  const text = whyLeaveMptcp(hostId, migrations);
  if (text === undefined) return;
  throw new SwitchyardError({
    kind: 'rejected',
    phase: 'migrating',
    event: 'change-mptcp',
    text,
    remedy: leaveMptcpRemedy,
  });
}
