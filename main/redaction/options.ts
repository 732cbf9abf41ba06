import type { Hide } from './hide.ts';
import { isSecretHeading, isSecretName } from './names.ts';

/** How far a value goes: the first group that took part is the value. */
export interface Grammar {
  readonly value: RegExp;
  /** Quotes around a value, or around the whole assignment, are none of it. */
  readonly quotes: boolean;
}

/** QEMU's option lists: to the next single comma, spaces and all. */
export const optionList: Grammar = { value: /((?:[^,]+|,,)+)/y, quotes: false };

/**
 * A sentence, a log, a kernel's command line: quoted, or to the next white space. That may take an innocent neighbour along,
 * and never leaves the rest of a secret behind; a quote that is not closed was cut off.
 */
export const words: Grammar = {
  value: /"((?:[^"\\]|\\[\s\S])+)(?:"|\\?$)|'([^']+)(?:'|$)|([^\s"'][^\s]*)/y,
  quotes: true,
};

/** Values in a URL's query and in RBD's `:name=value` have ends of their own. */
const inQuery: Grammar = { value: /([^&\s,"']+)/y, quotes: false };
const inEncodedQuery: Grammar = { value: /((?:[^&\s,"'%]|%(?!26))+)/y, quotes: false };
const inRbdOptions: Grammar = { value: /((?:[^:,\s\\]|\\.)+)/y, quotes: false };

/** `on` and `off` only say whether there is a password (`-vnc :1,password=on`). */
const onlySwitches = /^(?:on|off|yes|no|true|false)(?:$|[,:;.)\]}])/i;

/** A name begins only where none is under way: without this, long words would cost the square of their length. */
const assignments = /(?<![\w.-])([\w.-]+)(=|%3d|\s?:(?!\/\/)\s?)/gi;

/** Replaces the secret values of `name=value`, `name: value` and `name%3Dvalue`. */
export function hideInOptions(text: string, grammar: Grammar, hide: Hide): string {
  const company = companyOf(text);
  let result = '';
  let copied = 0;
  assignments.lastIndex = 0;
  for (let match = assignments.exec(text); match; match = assignments.exec(text)) {
    const start = assignments.lastIndex;
    const [, name = '', divider = ''] = match;
    const before = text.charAt(match.index - 1);
    if (!isSecretAssignment(name, divider, before, company)) continue;
    // `/etc/passwd: no such file`, as programs name a file before what they have to say about it.
    if (divider.includes(':') && endsPath(text, match.index)) continue;
    const secret = valueAt(text, start, grammarAfter(before, divider, grammar));
    if (!secret || onlySwitches.test(secret.text)) continue;
    result += text.slice(copied, secret.start) + hide(secret.text);
    copied = secret.start + secret.text.length;
    assignments.lastIndex = copied;
  }
  return result + text.slice(copied);
}

const flags = /(?<![\w-])--?([\w.-]{1,64})(["']\s{0,64},\s{0,64}|\s{1,8})/g;

/** An option whose value is the next word: `--password hunter2`, also as a list of quoted words. */
export function hideAfterFlags(text: string, hide: Hide): string {
  let result = '';
  let copied = 0;
  flags.lastIndex = 0;
  for (let match = flags.exec(text); match; match = flags.exec(text)) {
    const [, name = ''] = match;
    if (!isSecretName(name)) continue;
    const secret = valueAt(text, flags.lastIndex, words);
    if (!secret) continue;
    result += text.slice(copied, secret.start) + hide(secret.text);
    copied = secret.start + secret.text.length;
    flags.lastIndex = copied;
  }
  return result + text.slice(copied);
}

/** An option whose value is the next argument: `--password`. */
export function takesSecret(argument: string): boolean {
  const name = /^--?([\w.-]+)$/.exec(argument)?.[1];
  return name !== undefined && isSecretName(name);
}

/** What is said elsewhere in the same text, and makes a secret of a name that says nothing by itself. */
interface Company {
  /** A `secret` object, whose data it is. */
  readonly secretObject: boolean;
  /** OEM strings (`-smbios type=11`), by which credentials reach the guest; a `-global` of a secret property. */
  readonly secretValue: boolean;
}

function companyOf(text: string): Company {
  const properties = [...text.matchAll(/(?<![\w.-])property=([\w.-]+)/g)].map(([, name = '']) => name);
  const secretObject = /(?<![\w./-])secret(?![\w./-])/i.test(text);
  return {
    secretObject,
    secretValue:
      /(?<![\w.-])type=0*(?:11|0?x0*b)(?![\w.])/i.test(text) ||
      properties.some((name) => isSecretName(name) || (secretObject && name === 'data')),
  };
}

/**
 * Beside names that say it themselves: the data of a `secret` object, the strings that `-fw_cfg` and `-smbios type=11` hand to
 * the guest (cloud-init, Ignition, systemd credentials), the key of an RBD image or a URL.
 */
function isSecretAssignment(fullName: string, divider: string, before: string, company: Company): boolean {
  // What follows a `%` is the rest of an encoded character.
  const name = before === '%' ? fullName.slice(2) : fullName;
  // Headers that run to the end of their line are known by their shape.
  if (divider.includes(':')) return isSecretHeading(name) && !/(?:authorization|cookie2?)$/i.test(name);
  switch (name.toLowerCase()) {
    case 'data':
      return company.secretObject;
    case 'string':
      return true;
    case 'value':
      return company.secretValue;
    case 'key':
      return /[?&:;]/.test(before);
    default:
      return isSecretName(name);
  }
}

/** Longer than the folders of any file that is named `passwd`. */
const mostFolders = 256;

/** Whether what stands before this place are the folders of a file, from the root, the home or the working directory. */
function endsPath(text: string, index: number): boolean {
  if (text.charAt(index - 1) !== '/') return false;
  return /(?:^|[\s"'`(=,])(?:\/|~\/|\.{1,2}\/)[^\s"'`(=,]*$/.test(text.slice(Math.max(0, index - mostFolders), index));
}

function grammarAfter(before: string, divider: string, usual: Grammar): Grammar {
  if (divider.startsWith('%')) return inEncodedQuery;
  if (before === '?' || before === '&') return inQuery;
  return before === ':' && divider === '=' ? inRbdOptions : usual;
}

function valueAt(text: string, start: number, { value, quotes }: Grammar): { start: number; text: string } | undefined {
  value.lastIndex = start;
  const match = value.exec(text);
  const group = match?.slice(1).find((each) => each !== undefined);
  if (group === undefined) return undefined;
  if (!quotes) return { start, text: group };
  const quoted = /["']/.test(text.charAt(start));
  return quoted ? { start: start + 1, text: group } : { start, text: withoutClosingQuotes(group) };
}

/** Those of a text that holds the assignment: `"--spice password=x"`. */
function withoutClosingQuotes(text: string): string {
  let length = text.length;
  while (length > 0 && /["'`]/.test(text.charAt(length - 1))) length -= 1;
  return text.slice(0, length);
}
