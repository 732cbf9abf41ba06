import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { invalidRequest } from '#contract/errors.ts';
import { makePrivateDirectory } from '#main/storage/paths.ts';
import { CommandError, run, withSystemPath } from './command.ts';
import { runtimeDirectory } from './runtime-directory.ts';

/**
 * Labs without root. A sleeping process, the holder, keeps a user, a mount and a network namespace alive in which the user
 * is root; every later command enters them again and then works as it would for root. The holder is found among the
 * processes by the name below and its owner, never from a file that could be out of date.
 */
const holderName = 'switchyard-lab-holder';

/** Set for a command that has entered: the pid of the holder. */
const enteredVariable = 'SWITCHYARD_LAB_HOLDER';

/**
 * iproute2 keeps names of namespaces in /run/netns, which only root may write. Where the directory exists, an empty one of
 * our own covers it; where it does not, all of /run is rebuilt with one, entry by entry. The loop keeps the name in the
 * process list, which `exec sleep` would lose.
 */
const holderScript = `
set -eu
if [ ! -d /run/netns ]; then
  old=$(mktemp -d)
  mount --rbind /run "$old"
  mount -t tmpfs -o mode=755 tmpfs /run
  for entry in "$old"/*; do
    new="/run/\${entry##*/}"
    if [ -L "$entry" ]; then cp -P "$entry" "$new"
    elif [ -d "$entry" ]; then mkdir -p "$new" && mount --rbind "$entry" "$new"
    elif [ -f "$entry" ]; then : >"$new" && mount --bind "$entry" "$new"
    fi
  done
  umount -l "$old"
  rmdir "$old"
  mkdir /run/netns
fi
mount -t tmpfs -o mode=755 tmpfs /run/netns
ip link set lo up
echo ready
exec >&- 2>&-
while sleep 86400; do :; done
`;

/** Whether this process may make hosts out of namespaces here. */
export type LabRights =
  | { readonly kind: 'held' }
  /** Not itself, but the kernel lets it become root in a user namespace of its own. */
  | { readonly kind: 'by-user-namespace' }
  | { readonly kind: 'none'; readonly reason: string; readonly remedy: string };

export async function labRights(): Promise<LabRights> {
  if (hasCapabilities(readFileSync('/proc/self/status', 'utf8'))) return { kind: 'held' };
  try {
    await run('unshare', ['--user', '--map-root-user', '--net', '--mount', 'true']);
    return { kind: 'by-user-namespace' };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return {
      kind: 'none',
      reason: 'A lab needs root, or a kernel that lets users make namespaces.',
      remedy: adviceFor(readSysctl),
    };
  }
}

/** CAP_NET_ADMIN and CAP_SYS_ADMIN, both effective (include/uapi/linux/capability.h). */
export function hasCapabilities(procStatus: string): boolean {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(procStatus)?.[1] ?? '0'}`);
  const needed = (1n << 12n) | (1n << 21n);
  return (effective & needed) === needed;
}

/** What the administrator of a machine that refuses user namespaces has to type. */
export function adviceFor(sysctl: (name: string) => string | undefined): string {
  const switches = [
    ['kernel/unprivileged_userns_clone', '0', '1'],
    ['kernel/apparmor_restrict_unprivileged_userns', '1', '0'],
    ['user/max_user_namespaces', '0', '15000'],
  ] as const;
  const shut = switches.find(([name, value]) => sysctl(name) === value);
  const again = 'Run the same command with sudo';
  return shut === undefined
    ? `${again}.`
    : `${again}, or allow it to every user: sudo sysctl ${shut[0].replaceAll('/', '.')}=${shut[2]}`;
}

function readSysctl(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name}`, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/**
 * Runs a command line again where labs can be made, if it is not there already. Returns its exit code, or `undefined` when
 * the caller should simply continue: it has the rights itself, or there is nothing to enter and `make` is not set (only
 * `lab up` sets it). Rejects with `invalid-request` when there is no way.
 *
 * `argv` is the whole command, the program first. `descriptors` are ours, and become its 3, 4, ...
 */
export async function reenterForLab(
  argv: readonly string[],
  { make, descriptors = [] }: { readonly make: boolean; readonly descriptors?: readonly number[] },
): Promise<number | undefined> {
  if (hasCapabilities(readFileSync('/proc/self/status', 'utf8'))) return undefined;
  const holder = findHolder();
  if (holder === undefined && !make) return undefined;
  // Before there is a holder, which nothing would end.
  const runtime = runtimeDirectory();
  makePrivateDirectory(runtime);
  return enter(holder ?? (await startHolder()), runtime, argv, descriptors);
}

/** The sleeping process of this user, if there is one. */
export function findHolder(): number | undefined {
  const uid = process.getuid?.();
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .find((pid) => isHolder(pid, uid));
}

function isHolder(pid: number, uid: number | undefined): boolean {
  try {
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return argv[0] === 'sh' && argv[1] === '-c' && argv[3] === holderName && statSync(`/proc/${pid}`).uid === uid;
  } catch {
    // It has ended since the directory was read.
    return false;
  }
}

async function startHolder(): Promise<number> {
  const rights = await labRights();
  if (rights.kind === 'none') throw invalidRequest(rights.reason, rights.remedy);
  const child = spawn(
    'unshare',
    ['--user', '--map-root-user', '--net', '--mount', '--propagation', 'private', 'sh', '-c', holderScript, holderName],
    { detached: true, stdio: ['ignore', 'pipe', 'pipe'], cwd: '/', env: withSystemPath() },
  );
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ready = new Promise<boolean>((resolve) => {
    child.stdout.once('data', () => resolve(true));
    child.once('exit', () => resolve(false));
    child.once('error', () => resolve(false));
  });
  if (!(await ready) || child.pid === undefined) {
    throw invalidRequest(
      `A user namespace for labs could not be set up: ${said.trim() || 'it ended at once'}.`,
      adviceFor(readSysctl),
    );
  }
  child.stdout.destroy();
  child.stderr.destroy();
  child.unref();
  return child.pid;
}

async function enter(
  holder: number,
  runtime: string,
  argv: readonly string[],
  descriptors: readonly number[],
): Promise<number> {
  // Entering a mount namespace leaves the working directory outside: it is looked up again inside.
  const goBack = 'cd "$1" && shift && exec "$@"';
  const child = spawn(
    'nsenter',
    [
      '-t',
      String(holder),
      '--user',
      '--mount',
      '--net',
      '--preserve-credentials',
      'sh',
      '-c',
      goBack,
      'sh',
      workingDirectory(),
      ...argv,
    ],
    {
      stdio: ['inherit', 'inherit', 'inherit', ...descriptors],
      // Inside, the user is root: without this, root's runtime directory would be taken.
      env: { ...withSystemPath(), SWITCHYARD_RUNTIME_DIR: runtime, [enteredVariable]: String(holder) },
    },
  );
  // A terminal's Ctrl-C reaches the child by itself; what is sent to this process alone is passed on.
  const ignore = (): void => {};
  const passOn = (): void => void child.kill('SIGTERM');
  process.on('SIGINT', ignore).on('SIGTERM', passOn);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === 'SIGINT' ? 2 : 15)));
    });
  } finally {
    process.off('SIGINT', ignore).off('SIGTERM', passOn);
  }
}

/** The root where it has been removed. */
function workingDirectory(): string {
  try {
    return process.cwd();
  } catch {
    return '/';
  }
}

/** For a command that stays: the holder it has entered is kept until the function returned is called, labs or none. */
export function keepHolder(env: NodeJS.ProcessEnv = process.env): () => void {
  const entered = env[enteredVariable];
  delete env[enteredVariable];
  return () => releaseHolder({ [enteredVariable]: entered });
}

/** Ends the holder that this command has entered, once no lab needs it any more. The command itself continues to its end. */
export function releaseHolder(env: NodeJS.ProcessEnv = process.env): void {
  const holder = Number(env[enteredVariable] ?? 0);
  if (holder > 1 && isHolder(holder, process.getuid?.())) process.kill(-holder, 'SIGTERM');
}
