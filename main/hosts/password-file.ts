import { fstatSync, openSync, closeSync, readFileSync, constants } from 'node:fs';
import { invalidRequest } from '#contract/errors.ts';
import { warily } from '#main/storage/plain-file.ts';

const longestBytes = 1024;

/**
 * The password in a file that an operator has named: its first line. It is read where it is used, so that no plan, journal or
 * log ever holds it. Throws `invalid-request` where others than its owner could read the file, or could have written it.
 */
export function readPasswordFile(path: string): string {
  const refuse = (why: string) =>
    invalidRequest(
      `The password is not taken from ${path}: ${why}.`,
      'Name a file of your own that nobody else may read (chmod 600), with the password in its first line.',
      'settings.passwordFiles',
    );
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | warily);
  } catch (thrown) {
    throw refuse(thrown instanceof Error ? thrown.message : String(thrown));
  }
  try {
    const found = fstatSync(descriptor);
    if (!found.isFile()) throw refuse('it is not a file');
    if (found.uid !== 0 && found.uid !== process.geteuid?.()) throw refuse(`it belongs to user ${found.uid}`);
    if ((found.mode & 0o077) !== 0) throw refuse('users other than its owner may read or write it');
    if (found.size > longestBytes) throw refuse(`it is longer than ${longestBytes} bytes`);
    const [password = ''] = readFileSync(descriptor, 'utf8').split(/\r?\n/);
    if (password === '') throw refuse('its first line is empty');
    return password;
  } finally {
    closeSync(descriptor);
  }
}
