/**
 * Where secrets stand in a command line of QEMU and in what programs print about it. Every function takes `hide`,
 * which is given each secret that was found and answers with what to write in its place.
 */
export type Hide = (secret: string) => string;

/** One element of an argv: the values of its options run to the next single comma, and may hold spaces. */
export function hideInArgument(argument: string, hide: Hide): string {
  return hideByShape(hideInOptions(argument, toComma, hide), hide);
}

/**
 * A sentence, a log, the words of another program: values are quoted or run to the next white space. That may take an
 * innocent neighbour along, and never leaves the rest of a secret behind.
 */
export function hideInText(text: string, hide: Hide): string {
  return hideByShape(hideInOptions(text, quotedOrToSpace, hide), hide);
}

/** An option whose value is the next element: `--password hunter2`. */
export function takesSecret(argument: string): boolean {
  return /^--?[\w-]*(?:password|passwd|passphrase|token|secret)$/i.test(argument);
}

const secretWord =
  /password|passwd|passphrase|secret|token|credential|cookie|api[_-]?key|access[_-]?key|private[_-]?key|^(?:pass|pwd|psk|osk|auth|sig|signature)$|-signature$/i;

/** Names of objects, files and identities; QEMU's `password-secret=sec0` names the object that holds the secret. */
const reference = /(?:^|[.-])(?:password|cookie|key|new|old)-secret$|(?:file|path|dir|id)$/i;

function isSecretName(name: string): boolean {
  return secretWord.test(name) && !reference.test(name);
}

/**
 * Names that are secret only in the company of others: the data of a `secret` object, the strings that `-fw_cfg` and
 * `-smbios type=11` hand to the guest (cloud-init, Ignition, systemd credentials), the key of an RBD image or a URL.
 */
function isSecretHere(name: string, before: string): boolean {
  switch (name.toLowerCase()) {
    case 'data':
      return /\bsecret\b/.test(before);
    case 'string':
      return /\bname=opt\//.test(before);
    case 'value':
      return /\btype=11\b/.test(before);
    case 'key':
      return /[?&:]$/.test(before);
    default:
      return false;
  }
}

/** `on` and `off` only say whether there is a password (`-vnc :1,password=on`). */
const switches = new Set(['on', 'off', 'yes', 'no', 'true', 'false']);

/** How far a value goes; the first group that took part is the value. */
const toComma = /((?:[^,]|,,)+)/y;
const quotedOrToSpace = /"([^"]+)"|'([^']+)'|([^\s"']+)/y;
const inQuery = /([^&\s,"']+)/y;
const inRbdOptions = /((?:[^:,\s\\]|\\.)+)/y;

/** Values in a URL's query and in RBD's `:name=value` have ends of their own. */
function valueAfter(before: string, otherwise: RegExp): RegExp {
  switch (before.at(-1)) {
    case '?':
    case '&':
      return inQuery;
    case ':':
      return inRbdOptions;
    default:
      return otherwise;
  }
}

/** Replaces the secret values of `name=value`. */
function hideInOptions(text: string, usual: RegExp, hide: Hide): string {
  // A name begins only where none is under way: without this, long words would cost the square of their length.
  const names = /(?<![\w.-])[\w.-]+=/g;
  let result = '';
  let copied = 0;
  for (let name = names.exec(text); name; name = names.exec(text)) {
    const start = names.lastIndex;
    const before = text.slice(0, name.index);
    const key = text.slice(name.index, start - 1);
    if (!isSecretName(key) && !isSecretHere(key, before)) continue;
    const pattern = valueAfter(before, usual);
    pattern.lastIndex = start;
    const value = pattern.exec(text);
    const secret = value?.slice(1).find((group) => group !== undefined);
    if (!value || secret === undefined || switches.has(secret.toLowerCase())) continue;
    result += text.slice(copied, start) + value[0].replace(secret, () => hide(secret));
    copied = pattern.lastIndex;
    names.lastIndex = copied;
  }
  return result + text.slice(copied);
}

/** What gives itself away wherever it stands; `head` stays. */
const shapes: readonly RegExp[] = [
  /(?<head>)(?<secret>-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$))/g,
  // scheme://user:password@host, and libiscsi's user%password@
  /(?<![\w+.-])(?<head>[a-z][\w+.-]*:\/\/[^\s/?#@:%]*[:%])(?<secret>[^\s/?#]+)(?=@)/gi,
  // https://token@host
  /(?<![\w+.-])(?<head>https?:\/\/)(?<secret>[^\s/?#@:]+)(?=@)/gi,
  /\b(?<head>(?:(?:proxy-)?authorization|(?:set-)?cookie|x-auth-token)\s*:\s*)(?<secret>[^\s"'][^\r\n"']*)/gi,
  /\b(?<head>bearer\s+)(?<secret>[\w.~+/=-]{8,})/gi,
  /\b(?<head>pass(?:word|wd|phrase)\s*:\s+)(?<secret>\S+)/gi,
  // JSON web tokens, and keys whose issuers mark them so that they can be found
  /(?<head>)(?<secret>\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*)/g,
  /(?<head>)(?<secret>\b(?:gh[pousr]_[A-Za-z0-9]{20,}|glpat-[\w-]{16,}|AKIA[0-9A-Z]{16}))/g,
];

/** `"password": "…"`, and the same where the JSON text stands quoted in another one. */
const members: readonly RegExp[] = [
  /(?<head>"(?<name>[\w.-]+)"\s*:\s*")(?<secret>(?:[^"\\]|\\.)+)(?=")/g,
  /(?<head>(?<escape>\\+)"(?<name>[\w.-]+)\k<escape>"\s*:\s*\k<escape>")(?<secret>(?:(?!\\*").)+)/g,
];

function hideByShape(text: string, hide: Hide): string {
  const secretObject = /qom-type\\*"\s*:\s*\\*"secret\\*"/.test(text);
  const isSecretMember = (name: string): boolean => isSecretName(name) || (secretObject && name === 'data');
  const withoutShapes = shapes.reduce((result, shape) => hideGroup(result, shape, hide), text);
  return members.reduce((result, member) => hideGroup(result, member, hide, isSecretMember), withoutShapes);
}

function hideGroup(text: string, shape: RegExp, hide: Hide, applies: (name: string) => boolean = () => true): string {
  let result = '';
  let copied = 0;
  for (const { index, groups: { head = '', name = '', secret = '' } = {} } of text.matchAll(shape)) {
    if (!applies(name)) continue;
    const start = index + head.length;
    result += text.slice(copied, start) + hide(secret);
    copied = start + secret.length;
  }
  return result + text.slice(copied);
}
