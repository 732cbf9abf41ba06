import { invalidRequest } from '#contract/errors.ts';
import type { Peripheral } from '#main/likeness/portrait.ts';
import type { QmpClient } from '#main/qmp/client.ts';
import { QmpError } from '#main/qmp/fault.ts';
import type { JsonObject, JsonValue } from '#main/qmp/json.ts';
import type { Commands } from '#main/qmp/schema.ts';
import type { Milliseconds } from '#contract/units.ts';
import { askForThreads, type GuestThread } from './threads.ts';

/** What a QEMU answered about what it consists of, still in its own words. */
export interface Answers {
  readonly machineType: string;
  readonly memory: Commands['query-memory-size-summary']['returns'];
  readonly drives: Commands['query-block']['returns'];
  readonly nodes: readonly JsonObject[];
  readonly jobs: Commands['query-block-jobs']['returns'];
  readonly exports: Commands['query-block-exports']['returns'];
  readonly blockers: readonly string[];
  /** `info qtree`. */
  readonly deviceTree: string;
  /** `info network`. */
  readonly network: string;
  /** `info usernet`. */
  readonly userNetworks: string;
  readonly memoryDevices: readonly JsonObject[];
  readonly memoryBackends: readonly JsonObject[];
  readonly cpus: readonly JsonObject[];
  readonly characterDevices: Commands['query-chardev']['returns'];
  readonly vnc: Commands['query-vnc']['returns'] | undefined;
  readonly vncServers: readonly JsonObject[];
  readonly spice: Commands['query-spice']['returns'] | undefined;
  readonly tpms: readonly JsonObject[];
  readonly threads: readonly GuestThread[];
  /** The children of `/machine/peripheral` and of `/machine/peripheral-anon`. */
  readonly peripherals: readonly Peripheral[];
  readonly objects: readonly { readonly id: string; readonly type: string }[];
  /** `/objects/ID` properties of objects that are no memory, by id. */
  readonly objectProperties: ReadonlyMap<string, Readonly<Record<string, JsonValue>>>;
}

/** Properties by which an object that was made at run time could be made again. */
const objectPropertyNames: Readonly<Record<string, readonly string[]>> = {
  'rng-random': ['filename'],
  'rng-egd': ['chardev'],
  iothread: ['poll-max-ns', 'poll-grow', 'poll-shrink'],
};

/**
 * Everything in two round trips: what does not depend on an answer is sent at once, so that the visit is short. Rejects
 * with a `QmpError`; a QEMU without SPICE, VNC, TPM or places for CPUs has none.
 */
export async function askForPortrait(client: QmpClient, timeoutMs: Milliseconds): Promise<Answers> {
  const options = { timeoutMs };
  const [
    machineType,
    memory,
    drives,
    nodes,
    jobs,
    exports,
    migration,
    deviceTree,
    network,
    userNetworks,
    memoryDevices,
    memoryBackends,
    cpus,
    characterDevices,
    vnc,
    vncServers,
    spice,
    tpms,
    threads,
    named,
    anonymous,
    objects,
  ] = await Promise.all([
    client.execute('qom-get', { path: '/machine', property: 'type' }, options),
    client.execute('query-memory-size-summary', {}, options),
    client.execute('query-block', {}, options),
    client.execute('query-named-block-nodes', { flat: true }, options),
    client.execute('query-block-jobs', {}, options),
    orElse(client.execute('query-block-exports', {}, options), []),
    client.execute('query-migrate', {}, options),
    client.execute('human-monitor-command', { 'command-line': 'info qtree' }, options),
    client.execute('human-monitor-command', { 'command-line': 'info network' }, options),
    client.execute('human-monitor-command', { 'command-line': 'info usernet' }, options),
    orElse(client.execute('query-memory-devices', {}, options), []),
    client.execute('query-memdev', {}, options),
    orElse(client.execute('query-hotpluggable-cpus', {}, options), []),
    client.execute('query-chardev', {}, options),
    orElse(client.execute('query-vnc', {}, options), undefined),
    orElse(client.execute('query-vnc-servers', {}, options), []),
    orElse(client.execute('query-spice', {}, options), undefined),
    orElse(client.execute('query-tpm', {}, options), []),
    askForThreads(client, timeoutMs),
    client.execute('qom-list', { path: '/machine/peripheral' }, options),
    client.execute('qom-list', { path: '/machine/peripheral-anon' }, options),
    client.execute('qom-list', { path: '/objects' }, options),
  ]);
  const lists = {
    drives,
    nodes,
    jobs,
    exports,
    memoryDevices,
    memoryBackends,
    cpus,
    characterDevices,
    tpms,
    threads,
    vncServers,
  };
  refuseTooMany({ ...lists, named, anonymous, objects });
  const plugged = [
    ...childrenOf(named).map(({ id, type }) => ({ id, type, place: `peripheral/${id}` })),
    ...childrenOf(anonymous).map(({ id, type }) => ({ id: '', type, place: `peripheral-anon/${id}` })),
  ];
  const made = childrenOf(objects);
  const [hotplugged, objectProperties] = await Promise.all([
    Promise.all(plugged.map(({ place }) => property(client, `/machine/${place}`, 'hotplugged'))),
    Promise.all(made.map(({ id, type }) => readProperties(client, id, objectPropertyNames[type] ?? []))),
  ]);
  return {
    machineType: typeof machineType === 'string' ? machineType.replace(/-machine$/, '') : '',
    memory,
    drives,
    nodes,
    jobs,
    exports,
    blockers: migration['blocked-reasons'] ?? [],
    deviceTree,
    network,
    userNetworks,
    memoryDevices,
    memoryBackends,
    cpus,
    characterDevices,
    vnc,
    vncServers,
    spice,
    tpms,
    threads,
    peripherals: plugged.map((each, index) => ({ ...each, hotplugged: hotplugged[index] === true })),
    objects: made,
    objectProperties: new Map(made.map(({ id }, index) => [id, objectProperties[index] ?? {}] as const)),
  };
}

/** Far more than any machine has. Each is compared with others, and some are asked for one by one. */
const mostOfAKind = 8192;

/** The user of a QEMU decides what it answers: one that lists things without end must not keep its reader busy. */
export function refuseTooMany(lists: Readonly<Record<string, readonly unknown[]>>): void {
  const [tooMany] = Object.entries(lists).filter(([, items]) => items.length > mostOfAKind);
  if (!tooMany) return;
  const [kind, { length }] = tooMany;
  throw invalidRequest(
    `QEMU lists ${length} ${kind}, and at most ${mostOfAKind} are compared.`,
    'Look at its monitor: no machine has so many.',
    'guest',
  );
}

/** The answer to a command that this QEMU may not know, or refuse for this machine. */
async function orElse<Answer, Without>(answer: Promise<Answer>, without: Without): Promise<Answer | Without> {
  try {
    return await answer;
  } catch (thrown) {
    if (thrown instanceof QmpError && thrown.fault.kind === 'refused') return without;
    throw thrown;
  }
}

/** It may have been unplugged between the two questions, or be of a kind without that property. */
function property(client: QmpClient, path: string, name: string): Promise<JsonValue | undefined> {
  return orElse(client.execute('qom-get', { path, property: name }), undefined);
}

async function readProperties(
  client: QmpClient,
  id: string,
  names: readonly string[],
): Promise<Record<string, JsonValue>> {
  const values = await Promise.all(names.map((name) => property(client, `/objects/${id}`, name)));
  return Object.fromEntries(
    names.flatMap((name, index): [string, JsonValue][] => {
      const value = values[index];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function childrenOf(
  properties: Commands['qom-list']['returns'],
): readonly { readonly id: string; readonly type: string }[] {
  return properties.flatMap(({ name, type }) => {
    const child = /^child<(.*)>$/.exec(type)?.[1];
    return child === undefined ? [] : [{ id: name, type: child }];
  });
}
