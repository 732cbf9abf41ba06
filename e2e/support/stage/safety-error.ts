import { safetyMark } from '#e2e/support/second-try.ts';

/** One of the seven checks found what must never be, whatever a test expected: it is never tried again. */
export class SafetyError extends Error {
  constructor(what: readonly string[]) {
    super(`${safetyMark}${what.join('; ')}`);
    this.name = 'SafetyError';
  }
}
