import type { LinkChange } from '#main/engine/ports.ts';
import { readLinks } from '#native/netlink/network-links.ts';
import { openNetlinkSession } from '#native/netlink/open-session.ts';
import { subscribeToLinkEvents } from '#native/netlink/subscription.ts';
import type { NetworkPlace } from './network-place.ts';

/** The links of one network namespace that are down, and every change of a link from then on. */
export function watchLinks({ namespace }: NetworkPlace, listener: (change: LinkChange) => void): Disposable {
  const carriers = new Map<string, boolean>();
  const note = (name: string, carrier: boolean): void => {
    const before = carriers.get(name) ?? true;
    carriers.set(name, carrier);
    if (before !== carrier) listener({ interface: name, carrier });
  };
  const readAll = (): void => {
    using session = openNetlinkSession('route', namespace);
    for (const { name, enabled, carrier } of readLinks(session)) note(name, enabled && carrier);
  };
  // Listening first: what changes between the two is then told, at worst twice.
  const subscription = subscribeToLinkEvents(namespace, {
    onEvent: (event) => {
      if (event.kind === 'link-changed') note(event.link.name, event.link.enabled && event.link.carrier);
      if (event.kind === 'link-removed') note(event.link.name, false);
    },
    onGap: readAll,
  });
  try {
    readAll();
    return subscription;
  } catch (thrown) {
    subscription[Symbol.dispose]();
    throw thrown;
  }
}
