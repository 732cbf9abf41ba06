import { invalidRequest } from '#contract/errors.ts';
import type { Host, Hosts } from './host.ts';
import { LocalHost, type LocalHostOptions } from './local-host.ts';
import { isNamespace, listNamespaces, namespacePlace, ownPlace } from './network-place.ts';

const localId = 'local';

/** The hosts that need no configuration: this machine, and its network namespaces. */
export function localHosts(options: LocalHostOptions): Hosts {
  return { ids, find: (id) => find(id, options) };
}

function ids(): readonly string[] {
  return [localId, ...listNamespaces().filter((name) => name !== localId)];
}

function find(id: string, options: LocalHostOptions): Host {
  if (id === localId) return new LocalHost(id, options, ownPlace);
  if (isNamespace(id)) return new LocalHost(id, options, namespacePlace(id));
  throw invalidRequest(
    `There is no host "${id}".`,
    `Hosts are this machine and its network namespaces: ${ids().join(', ')}.`,
    'host',
  );
}
