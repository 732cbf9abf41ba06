/** How the message of a failed safety check begins: after that there is no second try. */
export const safetyMark = 'safety: ';

/**
 * Vitest's `retry.condition` in a configuration is an expression over the message of the error. Assertions that are about the
 * guest's safety throw a `SafetyError`, whose message begins with the mark.
 */
export const unlessSafetyFailed = new RegExp(`^(?!${safetyMark})`);
