import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RouteAnswer, RouteQuestion } from '#contract/host.ts';
import type { NetlinkSession } from '#native/netlink/session.ts';
import { readLinks } from '#native/netlink/network-links.ts';
import { lookUpRoute } from '#native/netlink/route-lookup.ts';

/** What is known of the routes of both hosts to each other. */
export interface RoutesBetween {
  readonly source: readonly RouteAnswer[];
  readonly destination: readonly RouteAnswer[];
}

/** A kernel of this machine answers at once: after so many answers, others get their turn. */
const questionsOfOneTurn = 32;

/** Asks the kernel behind a route session, as `ip route get TO from FROM` does. Sends no packet. */
export async function readRoutes(
  session: NetlinkSession,
  questions: readonly RouteQuestion[],
): Promise<readonly RouteAnswer[]> {
  if (questions.length === 0) return [];
  const names = new Map((await readLinks(session)).map(({ index, name }) => [index, name]));
  const answers: RouteAnswer[] = [];
  for (const { from, to } of questions) {
    if (answers.length % questionsOfOneTurn === questionsOfOneTurn - 1) await nextTurn();
    const route = await lookUpRoute(session, to, from);
    const leavesBy = route && !route.local ? names.get(route.interfaceIndex) : undefined;
    answers.push({
      from,
      to,
      interface: leavesBy,
      gateway: route?.gateway,
      local: route?.local === true,
      chosenSource: route?.preferredSource,
      table: route?.table,
    });
  }
  return answers;
}

/** Answers by where to and where from, so that each is found at once. */
export interface RouteIndex {
  /** Without `from`: of a socket that is bound to no address. */
  get(to: string, from?: string): RouteAnswer | undefined;
}

export function routeIndex(answers: readonly RouteAnswer[]): RouteIndex {
  const byEnds = new Map(answers.map((answer) => [keyOf(answer.to, answer.from), answer]));
  return { get: (to, from) => byEnds.get(keyOf(to, from)) };
}

export function answerFor(
  answers: readonly RouteAnswer[] | undefined,
  to: string,
  from?: string,
): RouteAnswer | undefined {
  return answers?.find((answer) => answer.to === to && answer.from === from);
}

function keyOf(to: string, from: string | undefined): string {
  return `${from ?? ''} ${to}`;
}
