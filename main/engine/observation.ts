import type { Observation } from '#contract/migration.ts';

/** Whether the guest is known to run there, now. */
export function runs(observation: Observation): boolean {
  return observation.kind === 'answering' && observation.run === 'running';
}

/** Whether this is what QEMU says of its migration, now. */
export function says(observation: Observation, status: string): boolean {
  return statusOf(observation) === status;
}

/** Whether QEMU has given the migration up: nothing is sent any more, and it can be asked to migrate again. */
export function hasGoneBack(observation: Observation): boolean {
  return says(observation, 'failed') || says(observation, 'cancelled');
}

/** What QEMU says of its migration (`MigrationStatus`, qapi/migration.json), where it answers. */
export function statusOf(observation: Observation): string | undefined {
  return observation.kind === 'answering' ? observation.migration : undefined;
}
