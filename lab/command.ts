import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { invalidRequest, SwitchyardError } from '#contract/errors.ts';
import { asSentence } from '#contract/plain-text.ts';
import { isErrno } from './errno.ts';

/** A program of the system that said no; in the operator's terms, since most of that is about this machine and its user. */
export class CommandError extends SwitchyardError {
  readonly program: string;
  readonly notPermitted: boolean;
  readonly exitCode: number | undefined;
  /** What it wrote to stderr. */
  readonly complaint: string;

  constructor(command: readonly string[], exitCode: number | undefined, complaint: string) {
    const [program = ''] = command;
    const notPermitted = complaint.includes('not permitted') || complaint.includes('ermission denied');
    super({
      kind: 'native',
      syscall: program,
      errno: exitCode ?? 0,
      code: notPermitted ? 'EPERM' : 'EXIT',
      text: asSentence(`\`${command.join(' ')}\` failed: ${complaint.trim() || `exit code ${exitCode ?? 'unknown'}`}`),
      remedy: notPermitted ? 'Run the same command with sudo.' : 'Fix what it names, then try again.',
    });
    this.program = program;
    this.notPermitted = notPermitted;
    this.exitCode = exitCode;
    this.complaint = complaint;
  }
}

/** This process's environment; a login without root often lacks the directories where Debian keeps `tc`. */
export function withSystemPath(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: [process.env['PATH'], '/usr/sbin', '/sbin'].filter(Boolean).join(':') };
}

const packageOf: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  tc: 'iproute2',
  unshare: 'util-linux',
  nsenter: 'util-linux',
};

/** Runs a program to its end and returns what it printed. `input` is its standard input. */
export async function run(program: string, args: readonly string[], input = ''): Promise<string> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...withSystemPath(), LC_ALL: 'C' } });
  const ended = new Promise<number | undefined>((resolve, reject) => {
    child.once('error', (error) => reject(isErrno(error, 'ENOENT') ? notInstalled(program) : error));
    child.once('close', (code) => resolve(code ?? undefined));
  });
  // It may end without having read its input; why, its exit code says.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [printed, complaint, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (exitCode !== 0) throw new CommandError([program, ...args], exitCode, complaint);
  return printed;
}

function notInstalled(program: string): Error {
  return invalidRequest(
    `The program \`${program}\` is not installed here.`,
    `Install it (Debian package ${packageOf[program] ?? program}) and try again.`,
  );
}
