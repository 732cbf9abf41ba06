import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { invalidRequest } from '#contract/errors.ts';
import { qemuProgram } from './command-line.ts';
import { isErrno } from '#lab/errno.ts';
import { withNetworkNamespace } from '#native/network-namespace.ts';

export interface StartOrder {
  /** The program and its arguments. */
  readonly argv: readonly string[];
  /** Name of the network namespace in which it runs. */
  readonly namespace: string;
  /** File for what it says. */
  readonly output: string;
}

/** A QEMU of ours that outlives this process. */
export interface StartedQemu {
  readonly pid: number;
  /** Resolves when it ends while this process is there to see it. */
  readonly ended: Promise<void>;
}

export async function startQemu({ argv, namespace, output }: StartOrder): Promise<StartedQemu> {
  const [program = qemuProgram, ...args] = argv;
  const log = openSync(output, 'a', 0o600);
  try {
    // A child belongs to the namespace that its parent's thread was in when it was made.
    const child = withNetworkNamespace({ name: namespace }, () =>
      spawn(program, args, { detached: true, stdio: ['ignore', log, log], cwd: '/' }),
    );
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => reject(isErrno(error, 'ENOENT') ? qemuMissing() : error));
    });
    child.unref();
    if (child.pid === undefined) throw new TypeError('a spawned process has a pid');
    return { pid: child.pid, ended };
  } finally {
    closeSync(log);
  }
}

function qemuMissing(): Error {
  return invalidRequest(
    `The program \`${qemuProgram}\` is not installed here.`,
    'Install it (Debian package qemu-system-x86) and try again.',
  );
}

/** Resolves once the guest walks: its first heartbeat comes after every page has been prepared. */
export async function untilWalking(
  qemu: StartedQemu,
  serial: string,
  output: string,
  deadlineMs = 30_000,
): Promise<void> {
  const giveUp = new AbortController();
  const ended = qemu.ended.then(() => 'ended' as const);
  try {
    for (const startedMs = performance.now(); performance.now() - startedMs < deadlineMs;) {
      if ((await serialText(serial)).includes('B')) return;
      const tick = sleep(20, 'tick' as const, { signal: giveUp.signal });
      if ((await Promise.race([ended, tick])) === 'ended')
        throw await notWalking('QEMU ended before its guest ran', output);
    }
  } finally {
    giveUp.abort();
  }
  throw await notWalking(`the guest did not begin to walk within ${deadlineMs / 1000} s`, output);
}

async function notWalking(what: string, output: string): Promise<Error> {
  const said = (await readFile(output, 'utf8').catch(() => '')).trim();
  return new Error(`The lab's guest could not be started: ${what}${said ? `; it said: ${said}` : ''}.`);
}

async function serialText(path: string): Promise<string> {
  return readFile(path, 'latin1').catch(() => '');
}
