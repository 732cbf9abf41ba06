import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, closeSync, constants, openSync, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { invalidRequest } from '#contract/errors.ts';
import type { NetworkPlace } from './network-place.ts';

export interface Launch {
  readonly argv: readonly string[];
  readonly workingDirectory: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Receives stdout and stderr. */
  readonly outputPath: string;
}

/**
 * Starts a program in a network place, in a session of its own: it outlives this process and its terminal. Resolves
 * once the program itself runs under the child's number. The child starts inside the namespace, so no helper stands
 * between.
 */
export async function launch(place: NetworkPlace, program: string, order: Launch): Promise<ChildProcess> {
  const [argv0 = program, ...args] = order.argv;
  const output = openSync(order.outputPath, 'a', 0o600);
  try {
    const child = place.run(() =>
      spawn(program, args, {
        argv0,
        cwd: isDirectory(order.workingDirectory) ? order.workingDirectory : '/',
        env: order.environment,
        detached: true,
        stdio: ['ignore', output, output],
      }),
    );
    await once(child, 'spawn');
    return child;
  } finally {
    closeSync(output);
  }
}

/**
 * The program that the source runs, as this host has it: by its own path, else by name in PATH, else by the path of the
 * source's executable. Throws `invalid-request` when it is nowhere.
 */
export function findProgram(
  name: string,
  source: { readonly workingDirectory: string; readonly program: string | undefined },
  hostId: string,
): string {
  const byName = name.includes('/')
    ? [resolve(source.workingDirectory, name)]
    : (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, name));
  const found = [...byName, source.program].find((path) => path !== undefined && isExecutable(path));
  if (found !== undefined) return found;
  throw invalidRequest(
    `${name} is not installed on ${hostId}.`,
    `Install there what provides ${name}, in the version that the source runs or a later one.`,
    'destination',
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

export function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
