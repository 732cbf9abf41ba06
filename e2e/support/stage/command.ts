import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** The program's own sources. */
export const commandLine = join(import.meta.dirname, '..', '..', '..', 'main', 'cli', 'index.ts');

/** `switchyard ARGS`, from the sources. */
export function switchyard(args: readonly string[], environment: NodeJS.ProcessEnv): ChildProcess {
  return spawn(process.execPath, [commandLine, ...args], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
}

export interface Finished {
  readonly code: number | null;
  readonly out: string;
}

export async function finished(child: ChildProcess): Promise<Finished> {
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new TypeError('its outputs are pipes');
  const [out, , [code]] = await Promise.all([text(stdout), text(stderr), once(child, 'close')]);
  return { code, out };
}
