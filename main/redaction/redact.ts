import { hideInArgv, hideInText } from './argv.ts';
import type { Hide } from './hide.ts';
import { KnownSecrets } from './known-secrets.ts';

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
  const known = new KnownSecrets();
  const remember: Hide = (secret) => {
    known.add(secret, redacted);
    return redacted;
  };
  const hideKnown = (text: string): string => known.hide(text, redacted);

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

/** One sentence or log, for what is not part of a record. */
export function redactText(text: string): string {
  return hideInText(text, () => redacted);
}
