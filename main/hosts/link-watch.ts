import type { LinkChange } from '#main/engine/ports.ts';
import { NativeError } from '#native/native-error.ts';
import { type NetworkLink, readLinks } from '#native/netlink/network-links.ts';
import { openNetlinkSession } from '#native/netlink/open-session.ts';
import { subscribeToLinkEvents } from '#native/netlink/subscription.ts';
import { LinkCarriers } from './link-carriers.ts';
import type { NetworkPlace } from './network-place.ts';

/** The links of one network namespace that are down, and every change of a link from then on. */
export async function watchLinks(
  { namespace }: NetworkPlace,
  listener: (change: LinkChange) => void,
): Promise<Disposable> {
  const carriers = new LinkCarriers(listener);
  const list = (): Promise<void> =>
    carriers.list(async () => {
      using session = openNetlinkSession('route', namespace);
      return (await readLinks(session)).map(carrierOf);
    });
  // Listening first: what changes between the two is then reported, at worst twice.
  const subscription = subscribeToLinkEvents(namespace, {
    onEvent: (event) => {
      if (event.kind === 'link-changed') carriers.changed(carrierOf(event.link));
      if (event.kind === 'link-removed') carriers.changed({ interface: event.link.name, carrier: false });
    },
    onGap: () => void list().catch(unlessRefused),
  });
  try {
    await list();
    return subscription;
  } catch (thrown) {
    subscription[Symbol.dispose]();
    throw thrown;
  }
}

function carrierOf({ name, enabled, carrier }: NetworkLink): LinkChange {
  return { interface: name, carrier: enabled && carrier };
}

/** A kernel that has lost some events and cannot list its links now: the next event shows more. */
function unlessRefused(thrown: unknown): void {
  if (!(thrown instanceof NativeError)) throw thrown;
}
