import type { MigrationSettings } from './migration.ts';

/** What an operator gets who asks for nothing. Apart from the schemas, so that a window can know it without them. */
export const defaultSettings: MigrationSettings = {
  mptcp: 'prefer',
  socket: 'qemu',
  preparePaths: true,
  postCopy: 'never',
  downtimeLimitMs: 300,
  bandwidthBitsPerSecond: 0,
  parallelConnections: 0,
  autoConverge: false,
  stallLimitMs: 30_000,
  sampleHz: 10,
  accepted: [],
};
