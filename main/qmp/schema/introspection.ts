import { anything, boolean, listOf, object, openEnum, string, type UnknownText } from '#main/qmp/shape.ts';
import type { JsonValue } from '#main/qmp/json.ts';

/** `SchemaMetaType` (qapi/introspect.json, since 2.5). */
export type MetaType = 'builtin' | 'enum' | 'array' | 'object' | 'alternate' | 'command' | 'event';

/** `SchemaInfoObjectMember` and `SchemaInfoAlternateMember`, which has no name. */
export interface IntrospectedMember {
  readonly name?: string;
  readonly type: string;
  /** Present, whatever its value, when the member is optional. */
  readonly default?: JsonValue;
}

/** `SchemaInfo` (qapi/introspect.json, since 2.5), its variants laid over each other. */
export interface IntrospectedEntity {
  /** Commands and events have their own; types have an opaque number. */
  readonly name: string;
  readonly 'meta-type': MetaType | UnknownText;
  /** Of objects and alternates, and since 6.2 of enums, where `type` is absent. */
  readonly members?: readonly Partial<IntrospectedMember>[];
  readonly variants?: readonly { readonly case: string; readonly type: string }[];
  /** Of enums; deprecated since 6.2 in favour of `members`. */
  readonly values?: readonly string[];
  readonly 'element-type'?: string;
  /** Of commands and events: the object with their arguments. */
  readonly 'arg-type'?: string;
  readonly 'ret-type'?: string;
  /** Of commands (since 2.12). */
  readonly 'allow-oob'?: boolean;
}

const memberShape = object<Partial<IntrospectedMember>>({}, { name: string, type: string, default: anything });

export const introspectionShape = object<IntrospectedEntity>(
  { name: string, 'meta-type': openEnum<MetaType>() },
  {
    members: listOf(memberShape),
    variants: listOf(object<{ readonly case: string; readonly type: string }>({ case: string, type: string }, {})),
    values: listOf(string),
    'element-type': string,
    'arg-type': string,
    'ret-type': string,
    'allow-oob': boolean,
  },
);
