/** Four ids of one kind, as /proc/PID/status lists them. */
export interface IdSet {
  readonly real: number;
  readonly effective: number;
  readonly saved: number;
  readonly filesystem: number;
}

/** With whose rights a process runs (proc_pid_status(5), credentials(7), capabilities(7)). */
export interface Credentials {
  readonly uids: IdSet;
  readonly gids: IdSet;
  /** Supplementary groups, in ascending order. */
  readonly groups: readonly number[];
  /** Sets of capabilities as bits: bit N is the capability N of linux/capability.h. */
  readonly permitted: bigint;
  readonly bounding: bigint;
  /** It and what it executes can gain no rights by executing a program. */
  readonly noNewPrivileges: boolean;
  /** A seccomp filter decides which system calls it may make. */
  readonly isFiltered: boolean;
}

/** Reads /proc/PID/status; `undefined` where a line is missing or is no number. The name is escaped there: no line of it lies. */
export function parseProcessStatus(text: string): Credentials | undefined {
  const lines = new Map(
    text
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()] as const),
  );
  const [uids, gids] = [idSet(lines.get('Uid')), idSet(lines.get('Gid'))];
  const [permitted, bounding] = [bits(lines.get('CapPrm')), bits(lines.get('CapBnd'))];
  const groups = numbers(lines.get('Groups'));
  if (!uids || !gids || !groups || permitted === undefined || bounding === undefined) return undefined;
  return {
    uids,
    gids,
    groups: groups.toSorted((one, other) => one - other),
    permitted,
    bounding,
    noNewPrivileges: lines.get('NoNewPrivs') === '1',
    isFiltered: lines.get('Seccomp') === '2',
  };
}

/** Whether all four ids are one: a process that executes a set-uid program, or is about to give up root, has several. */
export function isOneId({ real, effective, saved, filesystem }: IdSet): boolean {
  return real === effective && real === saved && real === filesystem;
}

function idSet(text: string | undefined): IdSet | undefined {
  const [real, effective, saved, filesystem] = numbers(text) ?? [];
  if (real === undefined || effective === undefined || saved === undefined || filesystem === undefined)
    return undefined;
  return { real, effective, saved, filesystem };
}

function numbers(text: string | undefined): readonly number[] | undefined {
  const found = text
    ?.split(/\s/)
    .filter((word) => word !== '')
    .map(Number);
  return found?.every((each) => Number.isSafeInteger(each)) ? found : undefined;
}

function bits(text: string | undefined): bigint | undefined {
  return text !== undefined && /^[\da-f]{1,16}$/.test(text) ? BigInt(`0x${text}`) : undefined;
}
