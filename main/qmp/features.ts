import type { QmpClient } from './client.ts';
import type { QemuVersion } from './messages.ts';
import type { IntrospectedEntity } from './schema.ts';

/**
 * What a QEMU can do, read from its own schema (`query-qmp-schema`) and never from its version number: distributions
 * carry features back and build options take them away. Plain data.
 */
export interface QemuFeatures {
  readonly version: QemuVersion;
  /**
   * InetSocketAddress has the member `mptcp` (QEMU 6.1 and later). It says that QEMU's C library knew Multipath TCP; the
   * kernel, a firewall or the peer may still refuse it.
   */
  readonly mptcp: boolean;
  /** InetSocketAddress has `keep-alive-count` and its like (10.1). */
  readonly keepAliveTuning: boolean;
  /** `migrate` and `migrate-incoming` take `channels` (8.2). */
  readonly channels: boolean;
  /** `migrate-incoming` takes `exit-on-error`: a failed destination stays to be asked why (9.1). */
  readonly exitOnError: boolean;
  /** Members of MigrationInfo: `dirty-limit-ring-full-time` since 8.1, `remaining` at the top in the newest, ... */
  readonly migrationInfoMembers: readonly string[];
  /** MigrationCapability: `multifd`, `return-path`, `switchover-ack`, ... */
  readonly migrationCapabilities: readonly string[];
  /** Members of `migrate-set-parameters`: `avail-switchover-bandwidth` since 8.2, `zero-page-detection` since 9.0, ... */
  readonly migrationParameters: readonly string[];
  /** MigrationStatus: what a watcher of this QEMU may meet. */
  readonly migrationStatuses: readonly string[];
  /** MultiFDCompression: `none`, `zlib`, `zstd`, ... */
  readonly multifdCompressions: readonly string[];
  readonly commands: readonly string[];
  readonly events: readonly string[];
  /** Commands that answer also while the main loop is stuck. */
  readonly outOfBandCommands: readonly string[];
}

export async function probeQemuFeatures(client: QmpClient): Promise<QemuFeatures> {
  return readQemuFeatures(client.greeting.version, await client.execute('query-qmp-schema'));
}

/** Type names in a schema are opaque numbers that change with every release: everything is found by members. */
export function readQemuFeatures(version: QemuVersion, entities: readonly IntrospectedEntity[]): QemuFeatures {
  const schema = new Schema(entities);
  const parameters = schema.argumentMembers('migrate-set-parameters');
  const capabilities = schema.elementOf(schema.argumentMembers('migrate-set-capabilities').get('capabilities'));
  const information = schema.membersOf(schema.find('command', 'query-migrate')?.['ret-type']);
  const hasMember = (name: string): boolean =>
    entities.some(
      (entity) => entity['meta-type'] === 'object' && entity.members?.some((member) => member.name === name),
    );
  return {
    version,
    mptcp: hasMember('mptcp'),
    keepAliveTuning: hasMember('keep-alive-count'),
    channels: schema.argumentMembers('migrate').has('channels'),
    exitOnError: schema.argumentMembers('migrate-incoming').has('exit-on-error'),
    migrationInfoMembers: [...information.keys()],
    migrationCapabilities: schema.valuesOf(schema.membersOf(capabilities).get('capability')),
    migrationParameters: [...parameters.keys()],
    migrationStatuses: schema.valuesOf(information.get('status')),
    multifdCompressions: schema.valuesOf(parameters.get('multifd-compression')),
    commands: schema.namesOf('command'),
    events: schema.namesOf('event'),
    outOfBandCommands: entities.filter((entity) => entity['allow-oob'] === true).map(({ name }) => name),
  };
}

type TypeName = string | undefined;

class Schema {
  readonly #entities: readonly IntrospectedEntity[];
  readonly #byName: ReadonlyMap<string, IntrospectedEntity>;

  constructor(entities: readonly IntrospectedEntity[]) {
    this.#entities = entities;
    this.#byName = new Map(entities.map((entity) => [entity.name, entity]));
  }

  find(metaType: 'command' | 'event', name: string): IntrospectedEntity | undefined {
    const entity = this.#byName.get(name);
    return entity?.['meta-type'] === metaType ? entity : undefined;
  }

  namesOf(metaType: 'command' | 'event'): string[] {
    return this.#entities.filter((entity) => entity['meta-type'] === metaType).map(({ name }) => name);
  }

  argumentMembers(command: string): ReadonlyMap<string, TypeName> {
    return this.membersOf(this.find('command', command)?.['arg-type']);
  }

  membersOf(type: TypeName): ReadonlyMap<string, TypeName> {
    const members = this.#get(type)?.members ?? [];
    return new Map(
      members.flatMap((member) => (member.name === undefined ? [] : [[member.name, member.type] as const])),
    );
  }

  elementOf(type: TypeName): TypeName {
    return this.#get(type)?.['element-type'];
  }

  /** An enum lists its values as `members` since 6.2, and as `values` before. */
  valuesOf(type: TypeName): string[] {
    const members = [...this.membersOf(type).keys()];
    return members.length > 0 ? members : [...(this.#get(type)?.values ?? [])];
  }

  #get(type: TypeName): IntrospectedEntity | undefined {
    return type === undefined ? undefined : this.#byName.get(type);
  }
}
