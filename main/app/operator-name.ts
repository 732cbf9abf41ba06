import { userInfo } from 'node:os';
import { boundedName } from '#contract/plain-text.ts';

/** Carries the name into a user namespace, where every process is root. */
export const operatorVariable = 'SWITCHYARD_USER';

/** Who is at the keyboard, for the record: not whom sudo or a user namespace has made of them. */
export function operatorName(environment: NodeJS.ProcessEnv = process.env): string {
  return boundedName(environment[operatorVariable] || environment['SUDO_USER'] || userName());
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // Containers have users without a name.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
