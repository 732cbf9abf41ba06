/** Names longer than this are judged by their end: that is where `x.y.password` says what it is. */
const mostNameLength = 256;

/** Say it wherever they stand, also within another word: `PGPASSWORD`, `x-amz-security-token`, `accessKey`. */
const anywhere =
  /password|passwd|passphrase|passcode|secret|token|credential|cookie|apikey|accesskey|privatekey|authorization/;

/** Say it as a word of their own: `ipmi_pw`, `wpa.psk`, `userPass`. */
const whole = new Set(['pass', 'pwd', 'pw', 'psk', 'osk', 'bearer', 'sig', 'signature', 'otp', 'pin', 'jwt']);

/** A key beside one of these opens something; a key alone is a lookup (`-append key=value`). */
const keyKinds = new Set([
  'account',
  'admin',
  'aes',
  'auth',
  'ceph',
  'cipher',
  'client',
  'crypt',
  'enc',
  'encrypt',
  'encryption',
  'hmac',
  'licence',
  'license',
  'master',
  'preshared',
  'service',
  'session',
  'shared',
  'signing',
  'storage',
  'subscription',
  'wg',
  'wireguard',
]);

/** Glued words that only look as if they ended in `pass`. */
const innocent = /(?:^|[^a-z])(?:by|com|encom|sur|tres)pass$/;

/** Names of objects, files and identities; QEMU's `password-secret=sec0` names the object that holds the secret. */
const reference =
  /(?:^|[._-])(?:password|cookie|key|new|old)-secret$|(?:file|path|dir|directory|id|ids|fd|url|uri|socket)$/i;

/** Whether what is assigned to this name is a secret, by the name alone. `_`, `-`, `.` and camelCase divide words. */
export function isSecretName(fullName: string): boolean {
  const name = fullName.slice(-mostNameLength);
  return !reference.test(name) && saysSecret(wordsOf(name));
}

/** Of more than one word, or one that means nothing else: `X-Api-Key: …` is an assignment, `2 tests pass: …` is none. */
export function isSecretHeading(name: string): boolean {
  const words = wordsOf(name.slice(-mostNameLength));
  return isSecretName(name) && (words.length > 1 || anywhere.test(words.join('')));
}

function saysSecret(words: readonly string[]): boolean {
  return (
    anywhere.test(words.join('')) ||
    words.some((word) => whole.has(word) || (/(?:pass|pwd|pw)$/.test(word) && !innocent.test(word))) ||
    words.at(-1) === 'auth' ||
    (words.at(-1) === 'key' && words.some((word) => keyKinds.has(word))) ||
    words.some((word) => word.endsWith('key') && keyKinds.has(word.slice(0, -'key'.length)))
  );
}

function wordsOf(name: string): string[] {
  return name
    .replaceAll(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '_')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}
