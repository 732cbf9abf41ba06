import type { MigrationSettings } from '#contract/migration.ts';
import { formatDurationMs } from '#contract/units.ts';

/** A named way to make a guest that writes much arrive all the same; each is a few settings. */
export interface ConvergencePolicy {
  readonly id: 'minimal-downtime' | 'auto-converge' | 'post-copy';
  readonly name: string;
  readonly about: (settings: MigrationSettings) => string;
  readonly settings: Pick<MigrationSettings, 'autoConverge' | 'postCopy'>;
}

export const convergencePolicies: readonly ConvergencePolicy[] = [
  {
    id: 'minimal-downtime',
    name: 'Minimal downtime',
    about: ({ downtimeLimitMs }) => `Copy until ${formatDurationMs(downtimeLimitMs)} are left; never slow the guest.`,
    settings: { autoConverge: false, postCopy: 'never' },
  },
  {
    id: 'auto-converge',
    name: 'Auto-converge',
    about: () => 'Slow the guest step by step if it dirties memory faster than it can be sent.',
    settings: { autoConverge: true, postCopy: 'never' },
  },
  {
    id: 'post-copy',
    name: 'Post-copy on request',
    about: () =>
      'You may start it on the destination before all memory is there; then a lost network pauses the guest.',
    settings: { autoConverge: false, postCopy: 'allow' },
  },
];

export function policyOf({ autoConverge, postCopy }: MigrationSettings): ConvergencePolicy['id'] {
  if (postCopy === 'allow') return 'post-copy';
  return autoConverge ? 'auto-converge' : 'minimal-downtime';
}
