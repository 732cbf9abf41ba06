import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { visible } from '#contract/plain-text.ts';
import type { Bytes, Milliseconds } from '#contract/units.ts';
import { createRedactor } from '#main/redaction/redact.ts';
import { hasCode } from './file-failure.ts';
import { describeThrown, incidentSchema, mostStackLength, type Incident } from './incident.ts';
import { makePrivateDirectory } from './paths.ts';

/** What is known about the place of a fault. */
export interface IncidentContext {
  readonly migration?: string;
  /** The guest's command line: its secrets are hidden wherever the fault quotes them. */
  readonly argv?: readonly string[];
}

/** Keeps a fault of ours, and answers with the id by which the operator finds it. Never throws. */
export type ReportIncident = (thrown: unknown, context?: IncidentContext) => string;

export interface IncidentLogOptions {
  /** The state directory, shared by all processes of this user; made where it is missing. */
  readonly state: string;
  readonly version: string;
  readonly face: string;
  readonly epochMs?: () => Milliseconds;
  /** Gets the incident where the file cannot be written: a full disk must not become a second fault. */
  readonly fallBack?: (text: string) => void;
  /** A file that has reached this size is set aside. */
  readonly mostBytes?: Bytes;
}

const mebibyte: Bytes = 1 << 20;
/** The current file, and those that were set aside, newest first. */
const names = ['incidents.ndjson', 'incidents.1.ndjson', 'incidents.2.ndjson'] as const;
const lockName = 'incidents.rotating';
/** A lock this old was left by a process that died while it held it. */
const staleLockMs: Milliseconds = 10_000;

/** A fault that repeats is written once a minute: in a loop it would push all others out of the file. */
const repeatMs: Milliseconds = 60_000;
/** Different faults that are remembered as such. */
const mostRemembered = 64;

/**
 * The incident file of this user, for one process. An incident is one line, appended by one write, so processes do not
 * need each other's permission; a file that is full is set aside by one of them.
 */
export class IncidentLog {
  readonly #options: Required<IncidentLogOptions>;
  readonly #objects = new WeakMap<object, string>();
  readonly #recent = new Map<string, { readonly id: string; readonly atEpochMs: Milliseconds }>();

  constructor(options: IncidentLogOptions) {
    this.#options = {
      epochMs: () => Date.now(),
      fallBack: (text) => void process.stderr.write(`${text}\n`),
      mostBytes: mebibyte,
      ...options,
    };
  }

  /** The same error at two borders is one incident. */
  readonly report: ReportIncident = (thrown, { migration, argv = [] } = {}) => {
    const object = typeof thrown === 'object' && thrown !== null ? thrown : undefined;
    const reported = object && this.#objects.get(object);
    if (reported !== undefined) return reported;
    const redactor = createRedactor();
    redactor.learn(argv);
    const stack = redactor.redact({ text: describeThrown(thrown) }).text.slice(0, mostStackLength);
    const id = this.#idFor(`${migration ?? ''} ${stack}`, (fresh) => this.#keep(fresh, migration, stack));
    if (object) this.#objects.set(object, id);
    return id;
  };

  #idFor(fault: string, keep: (id: string) => void): string {
    const atEpochMs = this.#options.epochMs();
    const before = this.#recent.get(fault);
    if (before && Math.abs(atEpochMs - before.atEpochMs) < repeatMs) return before.id;
    const id = `i-${randomBytes(4).toString('hex')}`;
    this.#recent.delete(fault);
    this.#recent.set(fault, { id, atEpochMs });
    for (const [oldest] of this.#recent) {
      if (this.#recent.size <= mostRemembered) break;
      this.#recent.delete(oldest);
    }
    keep(id);
    return id;
  }

  #keep(id: string, migration: string | undefined, stack: string): void {
    const { state, version, face, epochMs, mostBytes, fallBack } = this.#options;
    const at = new Date(epochMs()).toISOString();
    const incident: Incident = { id, at, version, face, pid: process.pid, ...(migration ? { migration } : {}), stack };
    try {
      makePrivateDirectory(state);
      append(state, Buffer.from(`${JSON.stringify(incident)}\n`), { mostBytes, nowEpochMs: epochMs() });
    } catch (fault) {
      const why = fault instanceof Error ? fault.message : 'unknown';
      fallBack(visible(`incident ${id} is not in the incident file (${why}): ${stack}`));
    }
  }
}

interface Limits {
  readonly mostBytes: Bytes;
  readonly nowEpochMs: Milliseconds;
}

function append(state: string, line: Buffer, limits: Limits): void {
  const path = join(state, names[0]);
  // A link or a pipe that lies there is refused rather than followed or waited for.
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants;
  const open = (): number => openSync(path, O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_WRONLY, 0o600);
  let descriptor = open();
  try {
    const before = regularFileSize(descriptor, path);
    if (before > 0 && before + line.length > limits.mostBytes) {
      setAside(state, limits);
      closeSync(descriptor);
      descriptor = open();
      regularFileSize(descriptor, path);
    }
    const written = writeSync(descriptor, line);
    if (written < line.length) throw new Error(`only ${written} of ${line.length} bytes could be written`);
  } finally {
    closeSync(descriptor);
  }
}

function regularFileSize(descriptor: number, path: string): Bytes {
  const found = fstatSync(descriptor);
  if (!found.isFile()) throw new Error(`${path} is not a regular file`);
  return found.size;
}

/** By one process at a time. Where another one does it, or the lock cannot be had, the file grows a little further. */
function setAside(state: string, { mostBytes, nowEpochMs }: Limits): void {
  const lock = join(state, lockName);
  const [current, first, second] = [join(state, names[0]), join(state, names[1]), join(state, names[2])];
  try {
    closeSync(openSync(lock, 'wx', 0o600));
  } catch (thrown) {
    if (hasCode(thrown, 'EEXIST') && nowEpochMs - lstatSync(lock).mtimeMs > staleLockMs) rmSync(lock, { force: true });
    return;
  }
  try {
    // Another process may have set it aside before this one had the lock.
    if (lstatSync(current).size < mostBytes / 2) return;
    renameIfThere(first, second);
    renameIfThere(current, first);
  } finally {
    rmSync(lock, { force: true });
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (thrown) {
    if (!hasCode(thrown, 'ENOENT')) throw thrown;
  }
}

/** All that the files hold, oldest first. A line that cannot be read is left out; so is a file that is none of ours. */
export function readIncidents(state: string): readonly Incident[] {
  return names.toReversed().flatMap((name) => {
    const text = readEnd(join(state, name), 2 * mebibyte);
    return text.split('\n').flatMap((line) => incidentIn(line) ?? []);
  });
}

function incidentIn(line: string): Incident | undefined {
  try {
    return incidentSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

function readEnd(path: string, mostBytes: Bytes): string {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const size = regularFileSize(descriptor, path);
    const bytes = Buffer.alloc(Math.min(size, mostBytes));
    const count = readSync(descriptor, bytes, 0, bytes.length, Math.max(0, size - mostBytes));
    return bytes.toString('utf8', 0, count);
  } catch {
    return '';
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
