import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { delimiter, isAbsolute, join } from 'node:path';
import type { QemuFacts } from '#contract/host.ts';
import type { Milliseconds } from '#contract/units.ts';
import { QmpClient } from '#main/qmp/client.ts';
import { probeQemuFeatures, type QemuFeatures } from '#main/qmp/features.ts';
import { QmpError } from '#main/qmp/fault.ts';
import { describeError } from '#main/qmp/transport.ts';
import { ourselves } from '#main/hosts/authority/ourselves.ts';
import { whyNotRun } from '#main/hosts/authority/trusted-program.ts';
import { featuresOf } from '#main/hosts/qemu-features.ts';

const architectures: Readonly<Record<string, string>> = {
  x64: 'x86_64',
  arm64: 'aarch64',
  ppc64: 'ppc64',
  s390x: 's390x',
  riscv64: 'riscv64',
  loong64: 'loongarch64',
};

/** Where distributions keep the QEMU for the machine's own architecture. */
export function qemuCandidates(environmentPath: string, architecture: string): readonly string[] {
  const name = `qemu-system-${architectures[architecture] ?? architecture}`;
  const folders = environmentPath.split(delimiter).filter((folder) => folder !== '');
  return [...folders.map((folder) => join(folder, name)), '/usr/libexec/qemu-kvm', '/usr/bin/kvm'];
}

const answerTimeoutMs: Milliseconds = 10_000;

/**
 * The QEMU that this machine would start, found by asking it. `undefined` when there is none that others cannot
 * replace, or it does not even start.
 */
export async function readQemuFacts(): Promise<QemuFacts | undefined> {
  const we = ourselves();
  const candidates = qemuCandidates(process.env['PATH'] ?? '', process.arch);
  const binary = candidates.find((path) => isAbsolute(path) && whyNotRun(path, we) === undefined);
  if (binary === undefined) return undefined;
  try {
    const { version, mptcp } = await featuresOfProgram(binary);
    return { binary, version: `${version.major}.${version.minor}.${version.micro}`, mptcp };
  } catch (thrown) {
    if (thrown instanceof QmpError) return undefined;
    throw thrown;
  }
}

/** What this program can do; it is asked once. */
export function featuresOfProgram(binary: string): Promise<QemuFeatures> {
  return featuresOf(binary, process.geteuid?.(), () => askQemu(binary));
}

/**
 * A QEMU without a machine, which only answers questions, on a socket it is born with. It would outlive a client that is
 * killed, so the kernel ends it with this process (prctl(2), PR_SET_PDEATHSIG).
 */
async function askQemu(binary: string): Promise<QemuFeatures> {
  const args = ['-machine', 'none,accel=tcg:kvm', '-nodefaults', '-no-user-config', '-display', 'none', '-S'];
  const monitor = ['-chardev', 'socket,id=qmp,fd=3', '-mon', 'chardev=qmp,mode=control'];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', binary, ...args, ...monitor], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  await once(child, 'spawn').catch((error: unknown) => {
    throw new QmpError(binary, { kind: 'unreachable', ...describeError(error) }, { cause: error });
  });
  // What `kill` reports would be an exception otherwise.
  child.on('error', () => undefined);
  const ended = new Promise((resolve) => void child.once('close', resolve));
  const stream = child.stdio[3];
  if (!(stream instanceof Socket)) throw new TypeError('Node makes each pipe of a child a socket');
  try {
    await using client = await QmpClient.connect(
      { transport: { stream } },
      { monitor: binary, connectTimeoutMs: answerTimeoutMs, commandTimeoutMs: answerTimeoutMs },
    );
    return await probeQemuFeatures(client);
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}
