import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { invalidRequest } from '#contract/errors.ts';
import { visible } from '#contract/plain-text.ts';
import { trace, traceCategories, type TraceCategory } from '#contract/trace.ts';
import { createRedactor, redactText } from '#main/redaction/redact.ts';

export interface TraceOptions {
  readonly environment: NodeJS.ProcessEnv;
  /** Gets the lines where no file is named. */
  readonly write: (line: string) => void;
  readonly epochMs?: () => number;
}

/** Of one message: a schema of QEMU's has hundreds of KiB. */
const mostDetailLength = 4096;

/**
 * Connects the traces that `SWITCHYARD_TRACE` names (`qmp,netlink`, or `all`) to stderr, or to the file that
 * `SWITCHYARD_TRACE_FILE` names. Secrets are hidden, and nothing in a line drives a terminal. Throws `invalid-request` for a category that does not exist.
 */
export function openTraces({ environment, write, epochMs = () => Date.now() }: TraceOptions): void {
  const categories = categoriesIn(environment['SWITCHYARD_TRACE'] ?? '');
  const path = environment['SWITCHYARD_TRACE_FILE'];
  const output = path ? fileWriter(path, write) : write;
  for (const category of categories) {
    trace[category] = (subject, detail) => {
      const at = new Date(epochMs()).toISOString();
      const text = detail === undefined ? '' : ` ${detailText(detail)}`;
      output(visible(redactText(`${at} ${process.pid} ${category} ${subject}${text}`)));
    };
  }
}

/** For tests, and for who has seen enough. */
export function closeTraces(): void {
  for (const category of traceCategories) trace[category] = undefined;
}

function categoriesIn(text: string): readonly TraceCategory[] {
  const wanted = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (wanted.includes('all')) return traceCategories;
  const known = wanted.filter(isCategory);
  const unknown = wanted.find((name) => !isCategory(name));
  if (unknown === undefined) return known;
  throw invalidRequest(
    `SWITCHYARD_TRACE names ${JSON.stringify(unknown)}, which is nothing that can be traced.`,
    `Name some of ${traceCategories.join(', ')}, with commas between, or all.`,
    'SWITCHYARD_TRACE',
  );
}

function isCategory(name: string): name is TraceCategory {
  return traceCategories.some((category) => category === name);
}

/** As one line. What a program was given is hidden by the rules of command lines, which know more than those of text. */
function detailText(detail: unknown): string {
  const text = typeof detail === 'string' ? detail : asJson(createRedactor().redact(detail));
  const line = text.trimEnd().replaceAll(/[\r\n]+/g, ' ');
  return line.length <= mostDetailLength
    ? line
    : `${line.slice(0, mostDetailLength)}… (${line.length - mostDetailLength} more)`;
}

/** QMP's integers may be larger than numbers hold. */
function asJson(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) => (typeof member === 'bigint' ? String(member) : member));
}

/** A line by one append, so that processes can share the file. Where that fails, the lines go where they went without it. */
function fileWriter(path: string, write: (line: string) => void): (line: string) => void {
  const flags =
    constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  return (line) => {
    try {
      const descriptor = openSync(path, flags, 0o600);
      try {
        writeSync(descriptor, `${line}\n`);
      } finally {
        closeSync(descriptor);
      }
    } catch (thrown) {
      write(`${line} (not in ${path}: ${thrown instanceof Error ? thrown.message : String(thrown)})`);
    }
  };
}
