import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Duplex } from 'node:stream';
import type { QemuFacts } from '#contract/host.ts';
import type { Milliseconds } from '#contract/units.ts';
import { QmpClient } from '#main/qmp/client.ts';

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

/** The QEMU that this machine would start, found by asking it; asked once for each version of the file. */
export function readQemuFacts(): Promise<QemuFacts | undefined> {
  const binary = qemuCandidates(process.env['PATH'] ?? '', process.arch).find(isExecutable);
  if (binary === undefined) return Promise.resolve(undefined);
  const { mtimeMs, size } = statSync(binary);
  const key = `${realpathSync(binary)} ${mtimeMs} ${size}`;
  const asked = known.get(key) ?? askQemu(binary).catch(() => undefined);
  known.set(key, asked);
  return asked;
}

/** A QEMU without a machine, which only answers questions and ends with the session. */
async function askQemu(binary: string): Promise<QemuFacts> {
  const args = ['-machine', 'none,accel=tcg:kvm', '-nodefaults', '-no-user-config', '-display', 'none', '-S'];
  const child = spawn(binary, [...args, '-qmp', 'stdio'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = once(child, 'close');
  try {
    await once(child, 'spawn');
    const stream = Duplex.from({ writable: child.stdin, readable: child.stdout });
    await using client = await QmpClient.connect(
      { transport: { stream } },
      { monitor: binary, connectTimeoutMs: answerTimeoutMs, commandTimeoutMs: answerTimeoutMs },
    );
    const [{ qemu }, schema] = await Promise.all([client.execute('query-version'), client.execute('query-qmp-schema')]);
    return {
      binary,
      version: `${qemu.major}.${qemu.minor}.${qemu.micro}`,
      // Type names in the schema are opaque numbers: only members can be recognised.
      mptcp: schema.some((entity) => entity.members?.some((member) => member.name === 'mptcp') ?? false),
    };
  } finally {
    child.kill('SIGKILL');
    await ended.catch(() => undefined);
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
