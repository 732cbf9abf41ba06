import type { JsonValue } from '#main/qmp/json.ts';
import { anything, integer, listOf, object, openEnum, string, type Shape, type UnknownText } from '#main/qmp/shape.ts';
import { introspectionShape, type IntrospectedEntity } from './introspection.ts';
import { nothing, type Integer, type NoArguments, type ReplyShapes } from './types.ts';

/** `VersionInfo` (qapi/control.json). */
export interface VersionInfo {
  readonly qemu: { readonly major: number; readonly minor: number; readonly micro: number };
  /** The distribution's own version, or empty. */
  readonly package: string;
}

/** `YankInstance` (qapi/yank.json, since 6.0): a connection that can be torn down at once. */
export type YankInstance =
  | { readonly type: 'migration' }
  | { readonly type: 'block-node'; readonly 'node-name': string }
  | { readonly type: 'chardev'; readonly id: string };

/** `YankInstance` as it is listed; a kind of a later QEMU keeps its name. */
export interface ListedYankInstance {
  readonly type: YankInstance['type'] | UnknownText;
  readonly 'node-name'?: string;
  readonly id?: string;
}

/** Commands of qapi/control.json, introspect.json, misc.json and yank.json. */
export interface ControlCommands {
  /** The first command of a session (since 0.13); `enable` since 2.12. */
  qmp_capabilities: { arguments: { readonly enable?: readonly 'oob'[] }; returns: undefined };
  'query-version': { arguments: NoArguments; returns: VersionInfo };
  /** Some 200 KB in QEMU 7.2 (since 2.5). Type names in it are opaque numbers: match by members. */
  'query-qmp-schema': { arguments: NoArguments; returns: readonly IntrospectedEntity[] };
  'query-name': { arguments: NoArguments; returns: { readonly name?: string } };
  /** Ends QEMU; answers before it does. */
  quit: { arguments: NoArguments; returns: undefined };
  /** Takes the descriptor that came with the very message (since 0.14). A name that exists is replaced. */
  getfd: { arguments: { readonly fdname: string }; returns: undefined };
  closefd: { arguments: { readonly fdname: string }; returns: undefined };
  /** Tears connections down without waiting for the main loop. Out of band. The only way out of a stalled switchover. */
  yank: { arguments: { readonly instances: readonly YankInstance[] }; returns: undefined };
  'query-yank': { arguments: NoArguments; returns: readonly ListedYankInstance[] };
  /** Guest memory to a file on QEMU's side: `size` bytes from guest-physical address `val` (qapi/machine.json, since 0.14). */
  pmemsave: {
    arguments: { readonly val: Integer; readonly size: Integer; readonly filename: string };
    returns: undefined;
  };
  /** One property of one object (qapi/qom.json, since 1.2). Every object has `type`: its class, behind aliases and defaults. */
  'qom-get': { arguments: { readonly path: string; readonly property: string }; returns: JsonValue };
  /** Creates a user-creatable object, for instance TLS credentials (qapi/qom.json, since 2.0). */
  'object-add': {
    arguments: { readonly 'qom-type': string; readonly id: string; readonly [property: string]: unknown };
    returns: undefined;
  };
  'object-del': { arguments: { readonly id: string }; returns: undefined };
}

const versionShape: Shape<VersionInfo> = object<VersionInfo>(
  {
    qemu: object<VersionInfo['qemu']>({ major: integer, minor: integer, micro: integer }, {}),
    package: string,
  },
  {},
);

export const controlReplies: ReplyShapes<ControlCommands> = {
  qmp_capabilities: nothing,
  'query-version': versionShape,
  'query-qmp-schema': listOf(introspectionShape),
  'query-name': object<{ readonly name?: string }>({}, { name: string }),
  quit: nothing,
  getfd: nothing,
  closefd: nothing,
  yank: nothing,
  'query-yank': listOf(
    object<ListedYankInstance>({ type: openEnum<YankInstance['type']>() }, { 'node-name': string, id: string }),
  ),
  pmemsave: nothing,
  'qom-get': anything,
  'object-add': nothing,
  'object-del': nothing,
};
