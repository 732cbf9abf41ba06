import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { app } from 'electron';

/**
 * Keeps what no window is shown: the stack of a fault, under the id by which the operator knows it. A file, because an app
 * that is started from a menu has no terminal; stderr, for those that have one.
 */
export function logIncident(line: string): void {
  process.stderr.write(`switchyard: ${line}\n`);
  try {
    appendFileSync(join(app.getPath('logs'), 'incidents.log'), `${new Date().toISOString()} ${line}\n`, {
      mode: 0o600,
    });
  } catch {
    // A full disk must not become a second fault.
  }
}
