import { readFileSync, writeFileSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { invalidRequest } from '#contract/errors.ts';
import { withNetworkNamespace } from '#native/network-namespace.ts';
import { CommandError, run } from './command.ts';
import { isErrno } from './errno.ts';
import { batch, showLinks } from './iproute2.ts';
import { congestionControl, hostCommands, wiring } from './links.ts';
import { labOfSourceNamespace, labSides, type LabNames } from './names.ts';
import type { LabPlan } from './options.ts';

/** Where iproute2 keeps namespaces by name (NETNS_RUN_DIR). */
const namespaceDirectory = '/run/netns';

/**
 * A lab's namespaces say so themselves, in the alias of their loopback interface, followed by the lab's directory. The
 * kernel is thus the only record of a lab: it survives a crash of the command that was making it, and it cannot go stale.
 */
const mark = 'switchyard-lab ';

/** The first namespace is the lock: the command that makes it makes the lab. */
export async function claimLab(names: LabNames, directory: string): Promise<void> {
  try {
    await run('ip', ['netns', 'add', names.source]);
  } catch (error) {
    if (!(error instanceof CommandError) || !(await namespaceExists(names.source))) throw error;
    throw await nameTaken(names);
  }
  await markNamespace(names.source, directory);
}

export async function nameTaken(names: LabNames): Promise<Error> {
  const ours = (await directoryInMark(names.source)) !== undefined;
  return ours
    ? invalidRequest(
        `A lab called "${names.lab}" exists already.`,
        `Remove it with \`lab down --name ${names.lab}\`, or choose another --name.`,
        'name',
      )
    : invalidRequest(
        `A network namespace called "${names.source}" exists that is no lab's.`,
        'Choose another --name: it is left alone.',
        'name',
      );
}

async function markNamespace(namespace: string, directory: string): Promise<void> {
  await run('ip', ['-n', namespace, 'link', 'set', 'lo', 'alias', `${mark}${directory}`]);
}

/** Makes the second host, joins both and sets them up. */
export async function furnishLab(plan: LabPlan, directory: string): Promise<void> {
  const { names } = plan;
  await run('ip', ['netns', 'add', names.destination]);
  await markNamespace(names.destination, directory);
  await batch('ip', undefined, wiring(plan));
  for (const side of labSides) {
    const commands = hostCommands(plan, side);
    setMptcp(names[side], !plan.mptcpOff.includes(side));
    await batch('ip', names[side], commands.ip).catch((error: unknown) => {
      throw lacksCongestionControl(error) ?? error;
    });
    await batch('tc', names[side], commands.tc);
  }
}

const mptcpSwitch = '/proc/sys/net/mptcp/enabled';

function setMptcp(namespace: string, enabled: boolean): void {
  try {
    withNetworkNamespace({ name: namespace }, () => writeFileSync(mptcpSwitch, enabled ? '1' : '0'));
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    throw invalidRequest(
      'This kernel has no Multipath TCP.',
      'Use a kernel with CONFIG_MPTCP (Linux 5.6 or later; 6.1 or later is advised).',
    );
  }
}

function lacksCongestionControl(error: unknown): Error | undefined {
  if (!(error instanceof CommandError) || !error.complaint.includes('congestion algorithm')) return undefined;
  return invalidRequest(
    `This kernel has no congestion control called ${congestionControl}, with which the hosts of a lab send.`,
    `Load it (\`modprobe tcp_${congestionControl}\`), or use a kernel with CONFIG_TCP_CONG_${congestionControl.toUpperCase()}.`,
  );
}

/** A fact of a host that only its own /proc/sys shows. */
export function mptcpEnabled(namespace: string): boolean {
  return withNetworkNamespace({ name: namespace }, () => {
    try {
      return readFileSync(mptcpSwitch, 'utf8').trim() === '1';
    } catch {
      // A kernel without the subsystem has no such file.
      return false;
    }
  });
}

export async function namespaceExists(namespace: string): Promise<boolean> {
  return (await namespaceLabel(namespace)) !== undefined;
}

/** What /proc/PID/ns/net of a process in it says: `net:[4026531840]`. */
export async function namespaceLabel(namespace: string): Promise<string | undefined> {
  try {
    return `net:[${(await stat(join(namespaceDirectory, namespace))).ino}]`;
  } catch {
    return undefined;
  }
}

/** Names of the labs whose source host exists, and of what may be labs and cannot be entered by this user. */
export async function labsWithHosts(): Promise<{ readonly labs: string[]; readonly outOfReach: string[] }> {
  const namespaces = await readdir(namespaceDirectory).catch(() => []);
  const names = namespaces.flatMap((namespace) => labOfSourceNamespace(namespace) ?? []);
  const marks = await Promise.all(names.map((lab) => readMark(`${lab}-source`)));
  return {
    labs: names.filter((_, position) => marks[position]?.directory !== undefined),
    outOfReach: names.filter((_, position) => marks[position]?.outOfReach === true),
  };
}

/**
 * The directory of the lab to which this namespace belongs; `undefined` when it is no lab's, or does not exist. Rejects
 * with `invalid-request` where this user cannot enter it, as with those of root.
 */
export async function directoryInMark(namespace: string): Promise<string | undefined> {
  const { directory, outOfReach } = await readMark(namespace);
  if (!outOfReach) return directory;
  throw invalidRequest(
    `This user cannot enter the network namespace "${namespace}", so whether it is a lab's is not known.`,
    'Run the same command with sudo, or choose another --name.',
    'name',
  );
}

async function readMark(
  namespace: string,
): Promise<{ readonly directory: string | undefined; readonly outOfReach: boolean }> {
  if (!(await namespaceExists(namespace))) return { directory: undefined, outOfReach: false };
  try {
    const alias = (await showLinks(namespace)).find(({ ifname }) => ifname === 'lo')?.ifalias;
    return { directory: alias?.startsWith(mark) ? alias.slice(mark.length) : undefined, outOfReach: false };
  } catch (error) {
    if (error instanceof CommandError && error.notPermitted) return { directory: undefined, outOfReach: true };
    // It has gone since it was looked for.
    if (!(await namespaceExists(namespace))) return { directory: undefined, outOfReach: false };
    throw error;
  }
}

/** Removes the lab's namespaces, and with them every link, endpoint and setting. Those of others are left alone. */
export async function removeHosts(names: LabNames): Promise<string[]> {
  const removed: string[] = [];
  for (const side of labSides) {
    const namespace = names[side];
    if ((await directoryInMark(namespace)) === undefined && !(await isFreshlyMade(namespace))) continue;
    await run('ip', ['netns', 'delete', namespace]);
    removed.push(`namespace ${namespace}`);
  }
  return removed;
}

/** A command that was killed between making a namespace and marking it leaves one with nothing but a sleeping loopback. */
async function isFreshlyMade(namespace: string): Promise<boolean> {
  if (!(await namespaceExists(namespace))) return false;
  const links = await showLinks(namespace);
  return links.length === 1 && links[0]?.operstate === 'DOWN';
}
