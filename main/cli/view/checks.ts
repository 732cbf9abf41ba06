import type { Check } from '#contract/migration.ts';
import { plainText } from '#contract/plain-text.ts';

/** A command that is cut is none. */
const mostCommandCharacters = 16_384;

const marks = { error: 'x', warning: '!', info: '!' } as const;

/** The readiness grid: what holds with a tick, what does not with what fixes it and the command to copy. */
export function checkLines(checks: readonly Check[]): string {
  return checks
    .flatMap((check) => {
      if (check.passed) return [`✓ ${plainText(check.text)}`];
      const accept = check.acceptable === true ? `or continue in spite of it: --accept ${check.id}` : undefined;
      // One line each: what follows a comment on the same line would not be run.
      const commands = check.command?.split('\n') ?? [];
      const advice = [check.remedy, ...commands, accept].filter((text) => text !== undefined);
      return [
        `${marks[check.severity]} ${plainText(check.text)}`,
        ...advice.map((text) => `    ${plainText(text, mostCommandCharacters)}`),
      ];
    })
    .join('\n');
}
