import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A file system in memory that is soon full, at a folder of its own; gone with everything in it when disposed. */
export class SmallDisk implements Disposable {
  readonly folder: string;
  readonly #fillers: string[] = [];

  constructor(folder: string, { bytes, files }: { readonly bytes: number; readonly files: number }) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    run('mount', '-t', 'tmpfs', '-o', `size=${bytes},nr_inodes=${files},mode=0700`, 'tmpfs', folder);
    this.folder = folder;
  }

  /** Leaves room neither for another file nor for another byte. */
  fill(): void {
    for (let count = 0; this.#fillOne(count); count += 1);
  }

  empty(): void {
    for (const path of this.#fillers.splice(0)) rmSync(path, { force: true });
  }

  grow(bytes: number): void {
    run('mount', '-o', `remount,size=${bytes}`, this.folder);
  }

  [Symbol.dispose](): void {
    run('umount', '--lazy', this.folder);
    rmdirSync(this.folder);
  }

  #fillOne(count: number): boolean {
    const path = join(this.folder, `filler-${count}`);
    try {
      const file = openSync(path, 'wx', 0o600);
      this.#fillers.push(path);
      try {
        for (const block = Buffer.alloc(4096); writeSync(file, block) > 0;);
      } finally {
        closeSync(file);
      }
    } catch (thrown) {
      if (!(thrown instanceof Error) || !('code' in thrown) || thrown.code !== 'ENOSPC') throw thrown;
      return this.#fillers.at(-1) === path;
    }
    return true;
  }
}

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
}
