import type { NetlinkSession } from '#native/netlink/session.ts';
import { readLinks } from '#native/netlink/network-links.ts';
import { lookUpRoute } from '#native/netlink/route-lookup.ts';

/** What a host's routing would do with a packet. */
export interface RouteAnswer {
  /** `undefined`: routing may choose the source address, as it does for a subflow that no endpoint asked for. */
  readonly from: string | undefined;
  readonly to: string;
  /** `undefined` when no route leads there. */
  readonly interface: string | undefined;
  readonly gateway: string | undefined;
}

/** What is known of the routes of both hosts to each other. */
export interface RoutesBetween {
  readonly source: readonly RouteAnswer[];
  readonly destination: readonly RouteAnswer[];
}

/** Asks the kernel behind a route session for every pair, and for each destination alone. Sends no packet. */
export async function readRoutes(
  session: NetlinkSession,
  from: readonly string[],
  to: readonly string[],
): Promise<RouteAnswer[]> {
  const names = new Map((await readLinks(session)).map(({ index, name }) => [index, name]));
  const pairs = to.flatMap((destination) => [undefined, ...from].map((source) => [source, destination] as const));
  return Promise.all(
    pairs.map(async ([source, destination]) => {
      const route = await lookUpRoute(session, destination, source);
      const leavesBy = route && !route.local ? names.get(route.interfaceIndex) : undefined;
      return { from: source, to: destination, interface: leavesBy, gateway: route?.gateway };
    }),
  );
}

export function answerFor(
  answers: readonly RouteAnswer[] | undefined,
  to: string,
  from?: string,
): RouteAnswer | undefined {
  return answers?.find((answer) => answer.to === to && answer.from === from);
}
