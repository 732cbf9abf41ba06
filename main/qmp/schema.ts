import { blockEvents, blockReplies, type BlockCommands, type BlockEvents } from './schema/block.ts';
import { controlReplies, type ControlCommands } from './schema/control.ts';
import { machineReplies, type MachineCommands } from './schema/machine.ts';
import { migrationEvents, migrationReplies, type MigrationCommands, type MigrationEvents } from './schema/migration.ts';
import { runStateEvents, runStateReplies, type RunStateCommands, type RunStateEvents } from './schema/run-state.ts';
import type { EventShapes, ReplyShapes } from './schema/types.ts';

export type * from './schema/block.ts';
export type * from './schema/control.ts';
export type * from './schema/introspection.ts';
export type * from './schema/machine.ts';
export type * from './schema/migration.ts';
export type * from './schema/run-state.ts';
export type * from './schema/sockets.ts';
export type { Integer, NoArguments } from './schema/types.ts';

/** The commands we use, in QEMU's own names and units; each answer is checked against its shape. */
export interface Commands
  extends ControlCommands, RunStateCommands, MigrationCommands, BlockCommands, MachineCommands {}

/** The events we listen to. */
export interface Events extends RunStateEvents, MigrationEvents, BlockEvents {}

export type CommandName = keyof Commands;
export type EventName = keyof Events;

/** The commands that QEMU marks `allow-oob`: they answer also while its main loop is stuck. */
export type OutOfBandCommandName = 'yank' | 'query-yank' | 'migrate-pause' | 'migrate-recover';

export const replyShapes: ReplyShapes<Commands> = {
  ...controlReplies,
  ...runStateReplies,
  ...migrationReplies,
  ...blockReplies,
  ...machineReplies,
};

export const eventShapes: EventShapes<Events> = { ...runStateEvents, ...migrationEvents, ...blockEvents };
