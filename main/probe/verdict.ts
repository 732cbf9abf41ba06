import type { Path } from '#contract/migration.ts';
import type { ProbeProblem, ProbeReach } from '#contract/probe.ts';
import type { PairTrial } from './pair-trial.ts';

/** The names of both ends, for sentences. */
export interface Ends {
  readonly source: string;
  readonly destination: string;
  readonly port: number;
}

export function reachOf({ tcp }: Pick<PairTrial, 'tcp'>): ProbeReach {
  return tcp === 'connected' ? 'answered' : tcp;
}

/** What stands in the way on one pair, as far as connections over this pair alone show it. Empty where nothing does. */
export function problemsOf(trial: PairTrial, ends: Ends): ProbeProblem[] {
  const { path, tcp, mptcp, otherPort, fullSize } = trial;
  const arrow = `${path.sourceAddress} → ${path.destinationAddress}`;
  if (tcp !== 'connected') return [{ text: whyNoConnection(trial, ends, arrow, otherPort === true) }];
  const problems: ProbeProblem[] = [];
  if (mptcp === 'unanswered' || mptcp === 'refused' || mptcp === 'unreachable' || mptcp === 'stranger') {
    problems.push({
      text: `On ${arrow} packets that offer MPTCP ${mptcp === 'refused' ? 'are rejected' : 'are dropped'}, and plain TCP passes: let TCP option 30 through every firewall on the way.`,
    });
  }
  if (fullSize === 'lost') problems.push(blackHole(path, trial.pathMtuBytes ?? path.mtu, arrow));
  return problems;
}

function whyNoConnection({ path, tcp }: PairTrial, ends: Ends, arrow: string, otherPort: boolean): string {
  const { source, destination, port } = ends;
  switch (tcp) {
    case 'refused':
      return otherPort
        ? `A firewall on ${arrow} rejects TCP port ${port}, and another port passes: open it from ${path.sourceAddress}.`
        : `TCP from ${path.sourceAddress} is rejected at ${path.destinationAddress}, where ${destination} listened on two ports: a firewall on the way, or that of ${destination}, rejects it, or another machine has this address.`;
    case 'unanswered':
      return otherPort
        ? `A firewall on ${arrow} drops TCP port ${port}, and another port passes: open it from ${path.sourceAddress}.`
        : `Nothing answers on ${arrow}, on two ports where ${destination} listened: a firewall drops TCP from ${path.sourceAddress}, or packets do not get through this path at all.`;
    case 'unreachable':
      return otherPort
        ? `A firewall on ${arrow} rejects TCP port ${port} as unreachable, and another port passes: open it from ${path.sourceAddress}.`
        : `${source} cannot reach ${path.destinationAddress} from ${path.sourceAddress}: it has no route there, no neighbour answers, or a firewall rejects it.`;
    case 'stranger':
      return `Something other than ${destination} answers at ${path.destinationAddress}: another host has this address, or a proxy is on the way. Do not migrate over this path.`;
    case 'not-asked':
      return `${source} has lost the address ${path.sourceAddress}: look at its interfaces, then probe again.`;
    case 'connected':
      return '';
  }
}

function blackHole({ mtu }: Path, pathMtuBytes: number, arrow: string): ProbeProblem {
  return {
    text: `On ${arrow} small packets pass and full-size ones of ${pathMtuBytes} bytes do not: something on the way has a smaller MTU, and its message (ICMP "fragmentation needed") does not arrive. Let that message through, or set the MTU of both ends, now ${mtu}, to what the path takes.`,
  };
}
