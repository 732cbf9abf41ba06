import { spawn, spawnSync, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Guest, QemuIdentity } from '#contract/host.ts';
import type { Host } from '#main/hosts/host.ts';
import { localHosts } from '#main/hosts/hosts.ts';
import { bind, listen, openSocket } from '#native/socket.ts';
import { readBootId, terminate } from '#main/hosts/process/identity.ts';
import { readProcessStat, readProgram } from '#main/hosts/process/process-table.ts';
import { listQemuProcesses } from '#main/hosts/qemu-processes.ts';
import { namespacePlace } from '#main/hosts/network-place.ts';

/** Why real hosts cannot be made here; `undefined` when they can. */
export function whyNoHosts(): string | undefined {
  if (process.geteuid?.() !== 0) return 'making network namespaces takes root';
  const missing = ['ip', 'tc', 'qemu-system-x86_64'].find((command) => spawnSync(command, ['-h']).error);
  return missing === undefined ? undefined : `${missing} is not installed`;
}

/**
 * Two network namespaces with two links between them, the first shaped to 100 Mbit/s; what ran there ends with them.
 */
export class TwoHosts implements AsyncDisposable {
  readonly source: Host;
  readonly destination: Host;
  /** Removed with everything in it. */
  readonly folder: string;
  readonly names: readonly [string, string];

  static async make(): Promise<TwoHosts> {
    const hosts = new TwoHosts();
    try {
      hosts.#wire();
      return hosts;
    } catch (thrown) {
      await hosts[Symbol.asyncDispose]();
      throw thrown;
    }
  }

  private constructor() {
    this.names = [`sy-${process.pid}-a`, `sy-${process.pid}-b`];
    for (const name of this.names) ip('netns', 'add', name);
    this.folder = mkdtempSync(join(tmpdir(), 'sy-hosts-'));
    const hosts = localHosts({ runtimeDirectory: join(this.folder, 'runtime') });
    this.source = hosts.find(this.names[0]);
    this.destination = hosts.find(this.names[1]);
  }

  /** Any process of another user, by its identity; it ends by itself. */
  async startAs(user: string): Promise<QemuIdentity> {
    const child = spawn('setpriv', ['--reuid', user, '--clear-groups', 'sleep', '2'], { stdio: 'ignore' });
    await once(child, 'spawn');
    while (readProgram(child.pid ?? 0).argv[0] !== 'sleep') await sleep(5);
    const { pid = 0, startTimeTicks = 0 } = readProcessStat(child.pid ?? 0) ?? {};
    return { uuid: '', pid, startTimeTicks, bootId: readBootId() };
  }

  /** A guest of 16 MiB that only runs its firmware. `more` are further arguments; relative paths mean `folder`. */
  startGuest(name: string, ...more: readonly string[]): Promise<Guest> {
    return this.#start(name, ['-qmp', `unix:${name}.qmp,server=on,wait=off`, ...more], 'ignore');
  }

  /** The same, with a monitor on a listening socket that QEMU is given as descriptor 3. */
  async startGuestWithPassedMonitor(name: string): Promise<Guest> {
    using listener = namespacePlace(this.names[0]).run(() => openSocket('unix'));
    bind(listener, { family: 'unix', path: join(this.folder, `${name}.qmp`) });
    listen(listener, 1);
    const monitor = ['-chardev', 'socket,id=m,fd=3,server=on,wait=off', '-mon', 'chardev=m,mode=control'];
    return await this.#start(name, monitor, ['ignore', 'ignore', 'ignore', listener.number]);
  }

  /** As a shell in `folder` starts it with `-daemonize`, which leaves that folder for the root. */
  async startDaemon(name: string, ...more: readonly string[]): Promise<Guest> {
    const args = ['-name', name, '-accel', 'tcg', '-m', '16376K', '-nodefaults', '-display', 'none', '-daemonize'];
    const monitor = ['-qmp', `unix:${name}.qmp,server=on,wait=off`];
    const starter = namespacePlace(this.names[0]).run(() =>
      spawn('qemu-system-x86_64', [...args, ...monitor, ...more], {
        cwd: this.folder,
        env: { ...process.env, PWD: this.folder },
        stdio: 'ignore',
      }),
    );
    await once(starter, 'exit');
    const guest = (await this.source.guests()).find((each) => each.name === name);
    if (!guest) throw new Error(`the guest ${name} did not start`);
    return guest;
  }

  async #start(name: string, args: readonly string[], stdio: StdioOptions): Promise<Guest> {
    const common = ['-name', name, '-accel', 'tcg', '-m', '16376K', '-nodefaults', '-display', 'none'];
    const child = namespacePlace(this.names[0]).run(() =>
      spawn('qemu-system-x86_64', [...common, ...args], { cwd: this.folder, detached: true, stdio }),
    );
    await once(child, 'spawn');
    while (!existsSync(join(this.folder, `${name}.qmp`)) && child.exitCode === null) await sleep(10);
    const guests = await this.source.guests();
    const guest = guests.find((each) => each.identity.pid === child.pid);
    if (!guest) throw new Error(`the guest ${name} did not start`);
    return guest;
  }

  /** Runs a command on the source. */
  run(command: string, ...args: readonly string[]): void {
    ip('netns', 'exec', this.names[0], command, ...args);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of this.names) {
      for (const { process: found } of listQemuProcesses(namespacePlace(name).label())) {
        await terminate({ uuid: '', bootId: readBootId(), pid: found.pid, startTimeTicks: found.startTimeTicks });
      }
      spawnSync('ip', ['netns', 'del', name]);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  #wire(): void {
    const [a, b] = this.names;
    for (const [index, link] of ['eth1', 'eth2'].entries()) {
      ip('-n', a, 'link', 'add', link, 'type', 'veth', 'peer', 'name', link, 'netns', b);
      for (const [end, namespace] of [a, b].entries()) {
        ip('-n', namespace, 'addr', 'add', `10.99.${index + 1}.${end + 1}/24`, 'dev', link);
        ip('-n', namespace, 'link', 'set', link, 'up');
      }
    }
    run(
      'tc',
      '-n',
      a,
      'qdisc',
      'add',
      'dev',
      'eth1',
      'root',
      'tbf',
      'rate',
      '100mbit',
      'burst',
      '64k',
      'latency',
      '20ms',
    );
    ip('-n', b, 'mptcp', 'endpoint', 'add', '10.99.2.2', 'dev', 'eth2', 'signal');
    ip('-n', b, 'mptcp', 'limits', 'set', 'subflows', '4', 'add_addr_accepted', '3');
  }
}

function ip(...args: readonly string[]): void {
  run('ip', ...args);
}

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
}
