import type { Credentials } from '#main/hosts/process/process-status.ts';

/** With what rights a twin is started: those of its source, never more. */
export interface Rights {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  /** Upper bound of the capabilities that it and what it executes can ever have, as bits. */
  readonly bounding: bigint;
  readonly noNewPrivileges: boolean;
}

/**
 * The rights of a process whose ids are one each. A program that root executes gets every capability of its bounding
 * set, so for root that set is cut down to what the source has; another user has what the program's file gives.
 */
export function rightsOf({ uids, gids, groups, permitted, bounding, noNewPrivileges }: Credentials): Rights {
  const uid = uids.effective;
  return { uid, gid: gids.effective, groups, bounding: uid === 0 ? bounding & permitted : bounding, noNewPrivileges };
}

/** Whether a program that we simply start has exactly these rights. */
export function isAsWeStart(rights: Rights, ours: Credentials): boolean {
  const own = rightsOf(ours);
  return (
    rights.uid === own.uid &&
    rights.gid === own.gid &&
    rights.groups.join() === own.groups.join() &&
    (rights.bounding & own.bounding) === own.bounding &&
    rights.noNewPrivileges === own.noNewPrivileges
  );
}

/**
 * Arguments of setpriv(1) that give up everything beyond these rights and then execute a program under the same process
 * number: nothing stands between us and the twin.
 */
export function setprivArguments({ uid, gid, groups, bounding, noNewPrivileges }: Rights, ours: bigint): string[] {
  const dropped = bitsOf(ours & ~bounding);
  return [
    `--reuid=${uid}`,
    `--regid=${gid}`,
    groups.length === 0 ? '--clear-groups' : `--groups=${groups.join()}`,
    '--inh-caps=-all',
    ...(dropped.length === 0 ? [] : [`--bounding-set=${dropped.map((bit) => `-cap_${bit}`).join()}`]),
    ...(noNewPrivileges ? ['--no-new-privs'] : []),
  ];
}

function bitsOf(set: bigint): readonly number[] {
  return Array.from({ length: 64 }, (_, bit) => bit).filter((bit) => ((set >> BigInt(bit)) & 1n) === 1n);
}
