import { invalidRequest } from '#contract/errors.ts';
import { LocalHost, type LocalHostOptions } from './local-host.ts';
import { isNamespace, listNamespaces, namespacePlace, ownPlace } from './network-place.ts';

const localId = 'local';

/** Ids of the hosts that can be named without any configuration: this machine, and its network namespaces. */
export function hostIds(): readonly string[] {
  return [localId, ...listNamespaces().filter((name) => name !== localId)];
}

/** The host of that name. Throws `invalid-request`, which names those that exist. */
export function resolveHost(id: string, options: LocalHostOptions): LocalHost {
  if (id === localId) return new LocalHost(id, options, ownPlace);
  if (isNamespace(id)) return new LocalHost(id, options, namespacePlace(id));
  throw invalidRequest(
    `There is no host "${id}".`,
    `Hosts are this machine and its network namespaces: ${hostIds().join(', ')}.`,
    'host',
  );
}
