import type { JsonObject } from '#main/qmp/json.ts';
import { boolean, integer, jsonObject, listOf, object, string } from '#main/qmp/shape.ts';
import type { NoArguments, ReplyShapes } from './types.ts';

/** `ObjectPropertyInfo` (qapi/qom.json, since 1.2). The type of a child object is `child<CLASS>`. */
export interface ObjectPropertyInfo {
  readonly name: string;
  readonly type: string;
}

/** `ChardevInfo` (qapi/char.json, since 0.14). */
export interface ChardevInfo {
  readonly label: string;
  /** `unix:/run/a.sock,server=on`, `file`, `pty:/dev/pts/3`. */
  readonly filename: string;
}

/** `VncInfo` (qapi/ui.json, since 0.14) in what matters here. */
export interface VncInfo {
  readonly enabled: boolean;
  /** `none`, `vnc`, `sasl`, ...; while enabled. */
  readonly auth?: string;
}

/** `SpiceInfo` (qapi/ui.json, since 0.14) in what matters here. */
export interface SpiceInfo {
  readonly enabled: boolean;
  /** `none` or `spice`. */
  readonly auth?: string;
  readonly host?: string;
  readonly port?: number;
  readonly 'tls-port'?: number;
}

/** Commands about what a machine is made of (qapi/machine.json, qom.json, char.json, ui.json, tpm.json, misc.json). */
export interface MachineCommands {
  /** Since 2.1. Each: `type` and `data`. */
  'query-memory-devices': { arguments: NoArguments; returns: readonly JsonObject[] };
  /** Since 2.7; an error where the machine has no places for CPUs. `qom-path` marks the occupied ones. */
  'query-hotpluggable-cpus': { arguments: NoArguments; returns: readonly JsonObject[] };
  /** Each: `cpu-index` and `thread-id` (since 2.12). */
  'query-cpus-fast': { arguments: NoArguments; returns: readonly JsonObject[] };
  /** Each: `id` and `thread-id` (since 2.0). */
  'query-iothreads': { arguments: NoArguments; returns: readonly JsonObject[] };
  /** Memory backends (since 2.1). */
  'query-memdev': { arguments: NoArguments; returns: readonly JsonObject[] };
  /** Properties and children of an object (since 1.2). */
  'qom-list': { arguments: { readonly path: string }; returns: readonly ObjectPropertyInfo[] };
  'query-chardev': { arguments: NoArguments; returns: readonly ChardevInfo[] };
  /** Missing from a QEMU that was built without VNC; so is the next without SPICE, and the one after without TPM. */
  'query-vnc': { arguments: NoArguments; returns: VncInfo };
  /** Each: `id` and the sockets of its `server` (since 2.9). */
  'query-vnc-servers': { arguments: NoArguments; returns: readonly JsonObject[] };
  'query-spice': { arguments: NoArguments; returns: SpiceInfo };
  'query-tpm': { arguments: NoArguments; returns: readonly JsonObject[] };
  /** A command of the human monitor, and its printed answer (qapi/misc.json, since 0.14). */
  'human-monitor-command': { arguments: { readonly 'command-line': string }; returns: string };
}

export const machineReplies: ReplyShapes<MachineCommands> = {
  'query-memory-devices': listOf(jsonObject),
  'query-hotpluggable-cpus': listOf(jsonObject),
  'query-cpus-fast': listOf(jsonObject),
  'query-iothreads': listOf(jsonObject),
  'query-memdev': listOf(jsonObject),
  'qom-list': listOf(object<ObjectPropertyInfo>({ name: string, type: string }, {})),
  'query-chardev': listOf(object<ChardevInfo>({ label: string, filename: string }, {})),
  'query-vnc': object<VncInfo>({ enabled: boolean }, { auth: string }),
  'query-vnc-servers': listOf(jsonObject),
  'query-spice': object<SpiceInfo>(
    { enabled: boolean },
    { auth: string, host: string, port: integer, 'tls-port': integer },
  ),
  'query-tpm': listOf(jsonObject),
  'human-monitor-command': string,
};
