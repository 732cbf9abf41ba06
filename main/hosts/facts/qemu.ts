import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { Socket } from 'node:net';
import { delimiter, join } from 'node:path';
import type { QemuFacts } from '#contract/host.ts';
import type { Milliseconds } from '#contract/units.ts';
import { QmpClient } from '#main/qmp/client.ts';
import { probeQemuFeatures } from '#main/qmp/features.ts';
import { QmpError } from '#main/qmp/fault.ts';

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

const known = new Map<string, Promise<QemuFacts | undefined>>();
const answerTimeoutMs: Milliseconds = 10_000;

/**
 * The QEMU that this machine would start, found by asking it; asked once for each version of the file. `undefined` when there
 * is none, or it does not even start.
 */
export async function readQemuFacts(): Promise<QemuFacts | undefined> {
  const binary = qemuCandidates(process.env['PATH'] ?? '', process.arch).find(isExecutable);
  if (binary === undefined) return undefined;
  const { mtimeMs, size } = statSync(binary);
  const key = `${realpathSync(binary)} ${mtimeMs} ${size}`;
  const asked = known.get(key) ?? askQemu(binary);
  known.set(key, asked);
  const facts = await asked;
  if (!facts) known.delete(key);
  return facts;
}

/** A QEMU without a machine, which only answers questions and ends with the session, on a socket it is born with. */
async function askQemu(binary: string): Promise<QemuFacts | undefined> {
  const args = ['-machine', 'none,accel=tcg:kvm', '-nodefaults', '-no-user-config', '-display', 'none', '-S'];
  const monitor = ['-chardev', 'socket,id=qmp,fd=3', '-mon', 'chardev=qmp,mode=control'];
  const child = spawn(binary, [...args, ...monitor], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  const closed = once(child, 'close').catch(() => undefined);
  const stream = child.stdio[3];
  try {
    if (!(stream instanceof Socket)) return undefined;
    await using client = await QmpClient.connect(
      { transport: { stream } },
      { monitor: binary, connectTimeoutMs: answerTimeoutMs, commandTimeoutMs: answerTimeoutMs },
    );
    const { version, mptcp } = await probeQemuFeatures(client);
    return { binary, version: `${version.major}.${version.minor}.${version.micro}`, mptcp };
  } catch (thrown) {
    if (thrown instanceof QmpError) return undefined;
    throw thrown;
  } finally {
    child.kill('SIGKILL');
    await closed;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
