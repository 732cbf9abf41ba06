import type { Check } from '#contract/migration.ts';

const marks = { error: 'x', warning: '!', info: '!' } as const;

/** The readiness grid: what holds with a tick, what does not with what mends it and the command to copy. */
export function checkLines(checks: readonly Check[]): string {
  return checks
    .flatMap((check) => {
      if (check.passed) return [`✓ ${check.text}`];
      const accept = check.acceptable === true ? [`    or accept it with --accept ${check.id}`] : [];
      const command = check.command === undefined ? [] : [`    ${check.command}`];
      const remedy = check.remedy === undefined ? [] : [`    ${check.remedy}`];
      return [`${marks[check.severity]} ${check.text}`, ...remedy, ...command, ...accept];
    })
    .join('\n');
}
