import { anything, type Shape } from '#main/qmp/shape.ts';

/** QAPI `int`, `size` and `uint64`: a `bigint` where a number would lose digits. */
export type Integer = number | bigint;

export type NoArguments = Readonly<Record<string, never>>;

/** One command: what it takes, and what it returns (`undefined` where QEMU returns an empty object). */
export interface CommandType {
  readonly arguments: object;
  readonly returns: unknown;
}

/** For each command of a table the shape that its answer must have. */
export type ReplyShapes<Table extends Record<keyof Table, CommandType>> = {
  readonly [Name in keyof Table]: Shape<Table[Name]['returns']>;
};

/** For each event of a table the shape that its data must have. */
export type EventShapes<Table> = { readonly [Name in keyof Table]: Shape<Table[Name]> };

export const nothing: Shape<undefined> = (value, path) => {
  anything(value, path);
  return undefined;
};
