import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { basename, delimiter, isAbsolute, join } from 'node:path';
import { invalidRequest } from '#contract/errors.ts';
import { trace } from '#contract/trace.ts';
import { safeSearchPath } from './authority/environment.ts';
import type { Ourselves } from './authority/ourselves.ts';
import { isAsWeStart, setprivArguments, type Rights } from './authority/rights.ts';
import { whyNotRun } from './authority/trusted-program.ts';
import type { NetworkPlace } from './network-place.ts';
import type { ProcessProgram } from './process/process-table.ts';
import { isQemuProgram } from './qemu-processes.ts';
import type { Prelude } from './starting-point.ts';

export interface Launch {
  readonly program: string;
  readonly argv: readonly string[];
  readonly workingDirectory: string;
  readonly environment: NodeJS.ProcessEnv;
  /** An open descriptor that receives stdout and stderr; it stays the caller's. */
  readonly output: number;
  readonly rights: Rights;
  /** What is set beforehand. */
  readonly prelude?: readonly Prelude[];
}

/**
 * Enters the working directory with the rights of the user who is to run there, as far as that user may, and becomes the
 * program.
 */
const enterAndBecome = 'cd -- "$0" 2>/dev/null || cd /; exec "$@"';

/**
 * Starts a program in a network place, in a session of its own: it outlives this process and its terminal. Resolves
 * once the child runs. It starts inside the namespace and with exactly the rights of `order.rights`. What gives up our
 * own executes the program under the same process number, so no helper stands between.
 */
export async function launch(place: NetworkPlace, order: Launch, we: Ourselves): Promise<ChildProcess> {
  const { program, argv, environment: env, output } = order;
  const [argv0 = program, ...args] = argv;
  const options: SpawnOptions = { env, detached: true, stdio: ['ignore', output, output] };
  const isOurs = we.credentials !== undefined && isAsWeStart(order.rights, we.credentials);
  const cwd = isDirectory(order.workingDirectory) ? order.workingDirectory : '/';
  const tools = (order.prelude ?? []).flatMap(({ tool, args: settings }) => [findTool(tool, we), ...settings]);
  const child = place.run(() => {
    if (isOurs || we.uid !== 0) {
      const [first, ...rest] = [...tools, program, ...args];
      return tools.length === 0 || first === undefined
        ? spawn(program, args, { ...options, argv0, cwd })
        : spawn(first, rest, { ...options, cwd });
    }
    const limits = setprivArguments(order.rights, we.credentials?.bounding ?? 0n);
    const becoming = [findTool('sh', we), '-c', enterAndBecome, cwd, program, ...args];
    const [first, ...rest] = [...tools, findTool('setpriv', we), ...limits, '--', ...becoming];
    return spawn(first ?? program, rest, { ...options, cwd: '/' });
  });
  await once(child, 'spawn');
  child.on('error', () => undefined);
  trace.process?.(`started ${program} as ${child.pid}`, { argv });
  return child;
}

export interface ChosenProgram {
  readonly program: string;
  /** Why it is not the file that the source executes; absent when it is. */
  readonly insteadOf: string | undefined;
}

/**
 * The program for a twin: what its source executes, or this host's own QEMU of the same name. A source that was started
 * by name is repeated by name, as it would be started here today; one that was started by path is repeated by the path
 * of its file. Neither comes from the words of the source. Throws `invalid-request` when none of them may be run.
 */
export function chooseProgram(source: ProcessProgram, we: Ourselves, hostId: string): ChosenProgram {
  const { program = '', argv } = source;
  const searchPath = `${process.env['PATH'] ?? ''}${delimiter}${safeSearchPath}`;
  const installed = isQemuProgram(program)
    ? searchPath
        .split(delimiter)
        .filter((folder) => isAbsolute(folder))
        .map((folder) => join(folder, basename(program)))
    : [];
  const candidates = (argv[0] ?? '').includes('/') ? [program, ...installed] : [...installed, program];
  const chosen = candidates.find((path) => path !== '' && whyNotRun(path, we) === undefined);
  const objection = whyNotRun(program, we);
  if (chosen !== undefined) {
    return { program: chosen, insteadOf: source.isProgramDeleted ? undefined : objection };
  }
  const action = we.uid === 0 ? 'run as root, because others than root could replace it' : 'run';
  throw invalidRequest(
    `${program === '' ? 'The program of this guest' : program} is not ${action} on ${hostId}: ${objection ?? 'it cannot be seen'}.`,
    `Install QEMU on ${hostId} in folders that only root can write, in the version that the source runs or a later one.`,
    'destination',
  );
}

export function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** A program of the system, in the folders that root alone can write. */
export function toolOfSystem(name: string, we: Ourselves): string | undefined {
  return safeSearchPath
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => whyNotRun(path, we) === undefined);
}

/** A program of the system that we need ourselves. Throws `invalid-request` where it is missing. */
function findTool(name: string, we: Ourselves): string {
  const found = toolOfSystem(name, we);
  if (found !== undefined) return found;
  throw invalidRequest(
    `${name} is not installed on this machine, and starting a QEMU as another user takes it.`,
    'Install the package util-linux.',
    'destination',
  );
}
