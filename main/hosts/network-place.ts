import { readdirSync, readlinkSync, statfsSync, statSync } from 'node:fs';
import { invalidRequest } from '#contract/errors.ts';
import type { HostFacts } from '#contract/host.ts';
import { namespaceCookie } from '#native/namespace-cookie.ts';
import { withNetworkNamespace, type NetworkNamespacePlace } from '#native/network-namespace.ts';
import { readBootId } from './process/identity.ts';

const namespaceFolder = '/run/netns';
/** NSFS_MAGIC (include/uapi/linux/magic.h): a name whose namespace is gone is an ordinary file. */
const nsfsMagic = 0x6e73_6673;

/**
 * Where a host's sockets and processes are: this process's own network namespace, or a named one on the same machine.
 * Everything in which `namespace` hosts differ from `local` ones is here.
 */
export interface NetworkPlace {
  readonly kind: HostFacts['kind'];
  /** For the kernel doors that open their sockets elsewhere; absent for our own. */
  readonly namespace: NetworkNamespacePlace | undefined;
  /** As /proc/PID/ns/net shows it for processes that are here. Throws when the namespace has gone. */
  label(): string;
  /**
   * What no other namespace of this machine has had or will have: a label is given to another one when its namespace is gone.
   * Throws when the namespace has gone.
   */
  mark(): string;
  /** Runs a synchronous function here; children that it starts live here. */
  run<Result>(fn: () => Result extends PromiseLike<unknown> ? never : Result): Result;
}

export const ownPlace: NetworkPlace = {
  kind: 'local',
  namespace: undefined,
  label: () => readlinkSync('/proc/self/ns/net'),
  mark: markOfThisThread,
  run: (fn) => fn(),
};

export function namespacePlace(name: string): NetworkPlace {
  const namespace = { name };
  return {
    kind: 'namespace',
    namespace,
    label: () => `net:[${inodeOf(name)}]`,
    mark: () => withNetworkNamespace(namespace, markOfThisThread),
    run: (fn) => withNetworkNamespace(namespace, fn),
  };
}

/** Names that `ip netns` would list, in alphabetical order. */
export function listNamespaces(): readonly string[] {
  let names: readonly string[];
  try {
    names = readdirSync(namespaceFolder);
  } catch {
    // Made with the first namespace.
    return [];
  }
  return names.filter(isNamespace).toSorted();
}

export function isNamespace(name: string): boolean {
  if (name === '' || name.startsWith('.') || name.includes('/')) return false;
  try {
    return statfsSync(`${namespaceFolder}/${name}`).type === nsfsMagic;
  } catch {
    return false;
  }
}

/** Of the namespace that this thread is in. Cookies begin again with each boot. */
function markOfThisThread(): string {
  return `${readBootId()} ${namespaceCookie() ?? 'without cookie'}`;
}

function inodeOf(name: string): number {
  if (!isNamespace(name)) {
    throw invalidRequest(
      `The network namespace ${name} is not there any more.`,
      'See `ip netns list`; a lab is made again by `switchyard lab up`.',
      'host',
    );
  }
  return statSync(`${namespaceFolder}/${name}`).ino;
}
