import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { namespacePlace } from '#main/hosts/network-place.ts';
import { readInterfaces } from '#main/hosts/facts/interfaces.ts';
import { readMptcpFacts } from '#main/hosts/facts/mptcp.ts';
import { describeGuest } from '#main/hosts/command-line/description.ts';
import { listProcessIds, readProgram, type ProcessProgram } from '#main/hosts/process/process-table.ts';
import { isQemuProgram } from '#main/hosts/qemu-processes.ts';
import type { Copy } from './copies.ts';

/** Where something could be left over. */
export interface Premises {
  readonly hosts: readonly string[];
  readonly state: string;
  readonly runtime: string;
}

/**
 * Everything a migration could leave behind, a line each: processes of ours, and QEMUs that were started to be asked, listening ports, MPTCP endpoints, limits and
 * switches, files of the runtime folder, signed locks, our own descriptors. What belongs to a living copy of the guest is
 * none of it, and what a guest wrote to its serial port is the operator's.
 */
export async function belongings(premises: Premises, copies: readonly Copy[]): Promise<readonly string[]> {
  const ofHosts = await Promise.all(premises.hosts.map(ofHost));
  return [
    ...ofHosts.flat(),
    ...filesOf(premises, copies),
    ...signedLocks(premises),
    ...childrenOf(copies),
    ...questioned(),
    ...own(),
  ];
}

/** `+ line` for what has come, `- line` for what is missing; a line that stands twice counts twice. */
export function difference(before: readonly string[], after: readonly string[]): readonly string[] {
  return [...without(after, before).map((line) => `+ ${line}`), ...without(before, after).map((line) => `- ${line}`)];
}

function without(lines: readonly string[], taken: readonly string[]): readonly string[] {
  const left = [...taken];
  return lines.filter((line) => {
    const position = left.indexOf(line);
    if (position >= 0) left.splice(position, 1);
    return position < 0;
  });
}

async function ofHost(host: string): Promise<readonly string[]> {
  const place = namespacePlace(host);
  const interfaces = await readInterfaces(place.namespace);
  // Of all interfaces: a host's own facts name those alone that are up, and a link that a test has cut is not.
  const mptcp = await readMptcpFacts(place, new Map(interfaces.map(({ index, name }) => [index, name])));
  const endpoints = mptcp.endpoints.map((each) => `endpoint ${JSON.stringify(each)} on ${host}`);
  const switches = Object.entries(mptcp.sysctls).map(([name, value]) => `${name}=${value} on ${host}`);
  return [
    ...endpoints,
    `limits ${JSON.stringify(mptcp.limits)} on ${host}`,
    ...switches,
    ...place.run(listening(host)),
  ];
}

/** Rows of /proc/net/tcp and tcp6 in the state LISTEN (0A); a listener of MPTCP is one of them. */
function listening(host: string): () => readonly string[] {
  return () =>
    ['tcp', 'tcp6'].flatMap((table) =>
      readFileSync(`/proc/thread-self/net/${table}`, 'utf8')
        .split('\n')
        .map((row) => row.trim().split(/\s+/))
        .filter((fields) => fields[3] === '0A')
        .map((fields) => `port ${Number.parseInt(fields[1]?.split(':')[1] ?? '', 16)} on ${host}`),
    );
}

function filesOf({ runtime }: Premises, copies: readonly Copy[]): readonly string[] {
  const inhabited = new Set(
    copies.flatMap(({ monitorPath, serialPath }) => [dirname(monitorPath), dirname(serialPath)]),
  );
  return listFiles(runtime)
    .filter((path) => !inhabited.has(dirname(path)) && !path.endsWith('/serial.log'))
    .map((path) => `file ${path}`);
}

/** By processes that live: one that was killed leaves its name, and the next one writes over it. */
function signedLocks({ state }: Premises): readonly string[] {
  return listFiles(state)
    .filter((path) => path.endsWith('.owner.json') && isSignedByTheLiving(path))
    .map((path) => `signature ${path}`);
}

function isSignedByTheLiving(path: string): boolean {
  const { pid }: { readonly pid: number } = JSON.parse(readFileSync(path, 'utf8'));
  return existsSync(`/proc/${pid}`);
}

function listFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** A copy that this process has started is its child, and no left-over. */
function childrenOf(copies: readonly Copy[]): readonly string[] {
  const known = new Set(copies.map(({ pid }) => pid));
  return readdirSync('/proc/self/task')
    .flatMap((task) => readFileSync(`/proc/self/task/${task}/children`, 'utf8').trim().split(' '))
    .filter((pid) => pid !== '' && !known.has(Number(pid)))
    .map((pid) => `child ${nameOf(pid)}`);
}

/** A QEMU without a machine whose parent has ended, so that its parent is init. */
function questioned(): readonly string[] {
  return listProcessIds()
    .filter((pid) => wasAsked(readProgram(pid)) && isOrphan(pid))
    .map((pid) => `a QEMU that was asked (process ${pid})`);
}

function wasAsked({ argv, program }: ProcessProgram): boolean {
  return isQemuProgram(program ?? '') && describeGuest(argv).machine === 'none';
}

function isOrphan(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8').includes('\nPPid:\t1\n');
  } catch {
    // It has just ended.
    return false;
  }
}

function nameOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return 'that has just ended';
  }
}

function own(): readonly string[] {
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      return [`descriptor ${readlinkSync(`/proc/self/fd/${descriptor}`).replace(/\[\d+\]/, '')}`];
    } catch {
      // The one that was reading the folder.
      return [];
    }
  });
}
