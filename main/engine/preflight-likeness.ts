import { formatBytes, type Bytes } from '#contract/units.ts';
import { withVerdict, type Finding } from '#main/likeness/finding.ts';
import { diskRefusals } from '#main/likeness/open-image.ts';
import { obstacles } from '#main/likeness/obstacles.ts';
import { passwordDisplays } from './display-passwords.ts';
import { orderFor } from '#main/likeness/process-order.ts';
import type { LikenessFacts, PreflightFacts, Question, Verdict } from './preflight-facts.ts';

/** What the guest is now, rather than what it was started with; one question for each reason why no twin could be like it. */
export const likenessQuestions: Readonly<Record<string, Question>> = {
  // First: the command that ends an export closes its socket as well.
  ...Object.fromEntries(
    obstacles.map(({ id, find, acceptable }): [string, Question] => [
      id,
      ({ likeness }) => {
        const found = read(likeness, find);
        return found.length === 0 ? undefined : { ...refusal(found), ...(acceptable === true ? { acceptable } : {}) };
      },
    ]),
  ),

  'guest-now': ({ guest, likeness }) => {
    if (!likeness) return undefined;
    if ('unreadable' in likeness) {
      return {
        text: `What ${guest.name} consists of cannot be read: ${likeness.unreadable}`,
        remedy:
          'Without that its destination may be another guest; see whether its QEMU is one that Switchyard supports.',
      };
    }
    const refused = withVerdict(likeness.changes, 'refused');
    const carried = withVerdict(likeness.changes, 'carried');
    const harmless = withVerdict(likeness.changes, 'harmless');
    if (refused.length > 0) return refusal(refused);
    const text =
      carried.length === 0
        ? 'The guest matches its command line.'
        : `Carried over to the destination: ${carried.map((each) => each.text).join(' ')}`;
    if (harmless.length === 0) return { holds: text };
    const unsure = refusal(harmless);
    return { severity: 'warning', text: `${text} ${unsure.text}`, remedy: unsure.remedy };
  },

  ...Object.fromEntries(
    diskRefusals.map(({ id, acceptable }): [string, Question] => [
      id,
      ({ disks = [] }) => {
        const found = disks.filter(({ row }) => row === id);
        return found.length === 0 ? undefined : { ...refusal(found), ...(acceptable ? { acceptable } : {}) };
      },
    ]),
  ),

  passwords: ({ guest, likeness, settings }) => {
    const displays = read(likeness, ({ displays: all }) => passwordDisplays(all, settings, guest.argv));
    const [missing] = displays.filter(({ file, isTyped }) => file === undefined && !isTyped);
    if (missing) {
      const { kind } = missing;
      return {
        severity: 'warning',
        text: `The ${kind.toUpperCase()} password of the guest cannot be read, so no client can log in on the destination until it is set.`,
        remedy: `Name a file that holds it with --${kind}-password-file, or set it after the move through the monitor of the destination.`,
        command: `{"execute":"set_password","arguments":{"protocol":"${kind}","password":"..."}}`,
      };
    }
    const names = displays.map(({ kind, file }) => {
      const from =
        file === undefined ? 'is that of the command line, even if it was changed since' : `is set from ${file}`;
      return `the ${kind.toUpperCase()} password ${from}`;
    });
    return names.length === 0
      ? undefined
      : {
          holds: `On the destination ${names.join(', and ')}. When it expires is not carried over (\`expire_password\`).`,
        };
  },
};

/** How the host runs the source and would run the destination. */
export const processQuestions: Readonly<Record<string, Question>> = {
  'twin-process': ({ likeness, twin }) => {
    if (!twin?.start || !likeness || !('portrait' in likeness)) return undefined;
    const { findings } = orderFor(likeness.portrait.process, twin.start);
    const left = withVerdict(findings, 'harmless');
    const carried = withVerdict(findings, 'carried');
    if (left.length > 0) {
      const { remedy } = refusal(left);
      return { severity: 'warning', text: listed(left.map(({ text }) => text)), remedy };
    }
    return {
      holds:
        carried.length === 0
          ? 'The destination runs with the process attributes of the source.'
          : `The destination runs with the process attributes of the source: ${listed(carried.map(({ text }) => text))}`,
    };
  },

  /** The kernel would end the guest there. */
  'twin-memory-limit': (facts) => {
    const { path = '', limits = {} } = facts.twin?.start?.process.controlGroup ?? {};
    const values = ['memory.max', 'memory.limit_in_bytes'].flatMap((name) => limits[name]?.split(', ') ?? []);
    const bytes = memoryOf(facts);
    const limit = Math.min(...values.map(Number));
    if (values.length === 0 || bytes === undefined || !Number.isFinite(limit)) return undefined;
    if (limit > bytes) return { holds: `The control group ${path} allows the destination ${formatBytes(limit)}.` };
    return {
      text: `The destination starts in the control group of Switchyard (${path}), which is limited to ${formatBytes(limit)} of memory; the guest needs ${formatBytes(bytes)}.`,
      remedy: 'Raise that limit, or start Switchyard outside that group.',
      acceptable: true,
    };
  },
};

/** In one sentence; a guest has as many vCPUs as its operator likes. */
const mostNamed = 12;

function listed(texts: readonly string[]): string {
  const others = texts.length - mostNamed;
  return [...texts.slice(0, mostNamed), ...(others > 0 ? [`And ${others} more.`] : [])].join(' ');
}

/** By the running guest; the command line may leave it to QEMU (`-m`), and knows nothing of what was plugged in. */
export function memoryOf({ guest, likeness }: PreflightFacts): Bytes | undefined {
  const [now] = read(likeness, ({ machine }) => [machine.memoryBytes + machine.pluggedBytes]);
  return now ?? guest.memoryBytes;
}

/** Each has a dirty bitmap of its own. */
export function memoryBlocksOf({ guest, likeness }: PreflightFacts): readonly Bytes[] {
  const now = read(likeness, ({ machine, memoryDevices }) => [
    machine.memoryBytes,
    ...memoryDevices.map(({ sizeBytes }) => sizeBytes),
  ]);
  return now.length > 0 || guest.memoryBytes === undefined ? now : [guest.memoryBytes];
}

function read<Item>(
  likeness: LikenessFacts | undefined,
  from: (portrait: Extract<LikenessFacts, { portrait: unknown }>['portrait']) => readonly Item[],
): readonly Item[] {
  return likeness && 'portrait' in likeness ? from(likeness.portrait) : [];
}

function refusal(findings: readonly Pick<Finding, 'text' | 'remedy'>[]): Verdict {
  return {
    text: findings.map(({ text }) => text).join(' '),
    remedy: [...new Set(findings.map(({ remedy }) => remedy))].join(' '),
  };
}
