import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { linkEnd, otherSide } from '#lab/links.ts';
import { startQemu } from '#lab/guest/start.ts';
import { backDoorName, tell } from './back-door.ts';
import type { Stage } from './stage.ts';

/** The host from which the guest is to leave, and the addresses of the first link. */
interface Ends {
  readonly host: string;
  readonly near: string;
  readonly far: string;
}

/** QEMU's options that are not repeated: who it is, where it is spoken to, how it was begun. */
const ownOptions = new Set(['-name', '-uuid', '-qmp', '-incoming', '-serial']);

/**
 * Another machine that has the address of the destination, in a namespace of its own: what the source sends there goes to
 * it. A QEMU of strangers waits there for exactly such a guest as this one, without ever running it.
 */
export class Impostor implements Disposable {
  readonly pid: number;
  readonly #stage: Stage;
  readonly #namespace: string;
  readonly #folder: string;
  readonly #ends: Ends;

  private constructor(stage: Stage, pid: number, namespace: string, folder: string, ends: Ends) {
    this.pid = pid;
    this.#stage = stage;
    this.#namespace = namespace;
    this.#folder = folder;
    this.#ends = ends;
  }

  /** It has the address, and nothing leads to it yet. */
  static async waiting(stage: Stage, port: number): Promise<Impostor> {
    const namespace = `${stage.names.lab}-third`;
    const folder = mkdtempSync(join(tmpdir(), 'sy-third-'));
    const { host, pid: guestPid } = stage.onlyCopy();
    const side = host === stage.names.source ? 'source' : 'destination';
    const [near, far] = [linkEnd(1, side), linkEnd(1, otherSide(side))];
    ip('netns', 'add', namespace);
    ip('-n', host, 'link', 'add', 'to-third', 'type', 'veth', 'peer', 'name', 'to-source', 'netns', namespace);
    ip('-n', namespace, 'address', 'add', `${far.address}/32`, 'dev', 'to-source');
    ip('-n', namespace, 'link', 'set', 'to-source', 'up');
    ip('-n', namespace, 'link', 'set', 'lo', 'up');
    ip('-n', namespace, 'route', 'add', `${near.address}/32`, 'dev', 'to-source');
    ip('-n', host, 'link', 'set', 'to-third', 'up');
    const argv = argumentsOf(guestPid, ['-incoming', `tcp:0:${port},mptcp=on`], folder);
    const { pid } = await startQemu({ argv, namespace, output: join(folder, 'output.log') });
    const impostor = new Impostor(stage, pid, namespace, folder, { host, near: near.address, far: far.address });
    await impostor.#listens(port);
    return impostor;
  }

  /** From now on what the source sends to the destination's address ends here; blocks until it is so. */
  takeAddress(): void {
    const { host, near, far } = this.#ends;
    ip('-n', host, 'route', 'replace', `${far}/32`, 'dev', 'to-third', 'src', near);
  }

  /** `running`, `paused`, `inmigrate`; `gone` once it has ended. */
  get run(): string {
    if (!existsSync(`/proc/${this.pid}`)) return 'gone';
    const answer = tell(this.pid, 'query-status');
    return typeof answer === 'object' && answer !== null && 'status' in answer ? String(answer.status) : '';
  }

  /** The address leads to the destination again. */
  [Symbol.dispose](): void {
    if (!existsSync(this.#folder)) return;
    if (existsSync(`/proc/${this.pid}`)) process.kill(this.pid, 'SIGKILL');
    // With it both ends of its link, and the route over them.
    ip('netns', 'delete', this.#namespace);
    this.#stage.network.restore(1);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #listens(port: number): Promise<void> {
    for (let tries = 0; tries < 100; tries += 1) {
      const { stdout } = spawnSync('ip', ['netns', 'exec', this.#namespace, 'ss', '-Hltn', 'sport', '=', `:${port}`]);
      if (stdout.length > 0) return;
      await sleep(50);
    }
    throw new Error('the impostor does not listen');
  }
}

function argumentsOf(pid: number, more: readonly string[], folder: string): readonly string[] {
  const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  const kept = argv.filter(
    (each, index) => each !== '-S' && !ownOptions.has(each) && !ownOptions.has(argv[index - 1] ?? ''),
  );
  const own = ['-name', 'stranger', '-serial', 'null', '-qmp', `unix:${folder}/${backDoorName},server=on,wait=off`];
  return [...kept, ...own, '-S', ...more];
}

function ip(...words: readonly string[]): void {
  const { status, stderr } = spawnSync('ip', [...words], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${words.join(' ')}: ${stderr.trim()}`);
}
