import type { RouteAnswer, RouteQuestion } from '#contract/host.ts';
import { routeIndex, type RoutesBetween } from '#main/mptcp/routes.ts';
import type { Candidate, Candidates } from './candidates.ts';

/** Asks a host's routing. An answer that is missing is not known, and stops nothing. */
export type AskRoutes = (questions: readonly RouteQuestion[]) => Promise<readonly RouteAnswer[]>;

export interface AskBoth {
  readonly source: AskRoutes;
  readonly destination: AskRoutes;
}

export interface Asked {
  readonly pairs: readonly Candidate[];
  readonly routes: RoutesBetween;
}

/**
 * Asks both hosts, in two rounds: where a socket that is bound to nothing would go, and then where one that is bound to
 * the very address would. In between each pair gets the address that the kernel would choose, if it is one of that interface:
 * QEMU leaves the choice to the kernel.
 */
export async function askAbout({ pairs }: Candidates, ask: AskBoth): Promise<Asked> {
  const unbound = await askBoth(ask, {
    source: pairs.map(({ destinationAddress: to }) => ({ from: undefined, to })),
    destination: pairs.map(({ sourceAddress: to }) => ({ from: undefined, to })),
  });
  const answers = routeIndex(unbound.source);
  const chosen = pairs.map((pair) => {
    const answer = answers.get(pair.destinationAddress);
    const isOwn = pair.source.addresses.some(({ address }) => address === answer?.chosenSource);
    return isOwn && answer?.chosenSource !== undefined ? { ...pair, sourceAddress: answer.chosenSource } : pair;
  });
  // Where a packet would never leave the host, nothing else matters.
  const worthIt = chosen.filter(({ destinationAddress }) => answers.get(destinationAddress)?.local !== true);
  const bound = await askBoth(ask, {
    source: worthIt.map(({ sourceAddress: from, destinationAddress: to }) => ({ from, to })),
    destination: worthIt.map(({ sourceAddress: to, destinationAddress: from }) => ({ from, to })),
  });
  return {
    pairs: chosen,
    routes: {
      source: [...unbound.source, ...bound.source],
      destination: [...unbound.destination, ...bound.destination],
    },
  };
}

interface Questions {
  readonly source: readonly RouteQuestion[];
  readonly destination: readonly RouteQuestion[];
}

async function askBoth(ask: AskBoth, questions: Questions): Promise<RoutesBetween> {
  const [source, destination] = await Promise.all([
    ask.source(withoutRepetition(questions.source)),
    ask.destination(withoutRepetition(questions.destination)),
  ]);
  return { source, destination };
}

function withoutRepetition(questions: readonly RouteQuestion[]): readonly RouteQuestion[] {
  return [...new Map(questions.map((each) => [`${each.from ?? ''} ${each.to}`, each])).values()];
}
