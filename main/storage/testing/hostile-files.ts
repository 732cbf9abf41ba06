import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';

/** Puts something else in the place of a file. */
export type Spoil = (path: string) => void | Promise<void>;

/** What a sentence about it says, and how it is made. */
export type HostileFile = readonly [what: string, spoil: Spoil];

export const hostileFiles: readonly HostileFile[] = [
  ['a symbolic link', (path) => symlinkSync('/dev/zero', path)],
  [
    'a directory',
    (path) => {
      mkdirSync(path);
    },
  ],
];

/** For live tests: a program makes the one, and a server the other. */
export const liveHostileFiles: readonly HostileFile[] = [
  ['a named pipe', namedPipeAt],
  ['a socket', socketAt],
];

/** It has neither a writer nor a reader. */
export function namedPipeAt(path: string): void {
  execFileSync('mkfifo', [path]);
}

/** As `hostileFiles`, in the place of what is there. */
export async function replace(path: string, spoil: Spoil): Promise<void> {
  rmSync(path, { recursive: true, force: true });
  await spoil(path);
}

/** A server removes its name when it ends: a second name stays. */
async function socketAt(path: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(path, resolve));
  execFileSync('ln', [path, `${path}.kept`]);
  await new Promise<void>((resolve) => void server.close(() => resolve()));
  execFileSync('mv', [`${path}.kept`, path]);
}
