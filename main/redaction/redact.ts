import { hideInArgument, hideInText, takesSecret, type Hide } from './secrets.ts';

/** Stands where a secret stood. */
export const redacted = '[redacted]';

/**
 * Members that operators read, and that may quote anything a program has said. All other texts are left as they are: a
 * successor finds the guest by them, and a replaced one would make it look elsewhere. A test holds this list against
 * the contract, so that a new member is thought about.
 */
export const proseMembers: ReadonlySet<string> = new Set([
  'cause',
  'command',
  'description',
  'detail',
  'errorText',
  'next',
  'raw',
  'reason',
  'remedy',
  'text',
  'waitingFor',
  'why',
]);

/**
 * A secret shorter than this is hidden where it stands, but not looked for elsewhere: it would be found in any text.
 */
const shortestToLookFor = 6;

/**
 * Takes secrets out of plain data. It remembers those that it finds in a command line, and then hides them wherever
 * they turn up again: QEMU quotes its own arguments when it complains about them.
 */
export interface Redactor {
  /** Remembers the secrets of this command line. */
  learn(argv: readonly string[]): void;
  /** A copy without secrets; redacting it again changes nothing. */
  redact<Value>(value: Value): Value;
}

export function createRedactor(): Redactor {
  const known = new Set<string>();
  const remember: Hide = (secret) => {
    for (const form of [secret, secret.replaceAll(',,', ',')]) {
      if (form.length >= shortestToLookFor && !form.includes(redacted)) known.add(form);
    }
    return redacted;
  };
  /** The longest first: one secret may be the beginning of another. */
  const hideKnown = (text: string): string =>
    [...known]
      .toSorted((one, other) => other.length - one.length)
      .reduce((result, secret) => result.replaceAll(secret, redacted), text);

  const redactMembers = (container: object): void => {
    for (const [name, value] of Object.entries(container) as [string, unknown][]) {
      if (typeof value === 'string') {
        if (proseMembers.has(name))
          Reflect.set(
            container,
            name,
            hideInText(hideKnown(value), () => redacted),
          );
      } else if (name === 'argv' && isArgv(value)) {
        Reflect.set(container, name, hideInArgv(value, remember).map(hideKnown));
      } else if (typeof value === 'object' && value !== null) {
        redactMembers(value);
      }
    }
  };

  return {
    learn: (argv) => void hideInArgv(argv, remember),
    redact: (value) => {
      const copy = structuredClone(value);
      redactMembers([copy]);
      return copy;
    },
  };
}

function isArgv(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((element) => typeof element === 'string');
}

function hideInArgv(argv: readonly string[], hide: Hide): string[] {
  return argv.map((argument, index) => {
    const before = argv[index - 1];
    return before !== undefined && takesSecret(before) ? hide(argument) : hideInArgument(argument, hide);
  });
}

/** One sentence or log, for what is not part of a record. */
export function redactText(text: string): string {
  return hideInText(text, () => redacted);
}
