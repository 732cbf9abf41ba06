/**
 * The most that a request may hold. The largest that makes sense, a migration with every check accepted, has not 4 KiB;
 * a larger one is refused before it is read.
 */
export const mostRequestBytes = 64 * 1024;

/** What a member costs at least, so that a million empty ones are not free. */
const memberBytes = 8;

/**
 * Whether this is plain data of at most `limit` bytes, roughly. Stops at the limit, so a huge value costs no more than a
 * large one, and one that holds itself ends as too large.
 */
export function judgeSize(value: unknown, limit: number = mostRequestBytes): 'fits' | 'too-large' | 'not-plain' {
  const left: unknown[] = [value];
  for (let bytes = 0; left.length > 0;) {
    const next = left.pop();
    bytes += memberBytes;
    switch (typeof next) {
      case 'string':
        bytes += next.length;
        break;
      case 'object':
        if (next === null) break;
        if (!isPlain(next)) return 'not-plain';
        if (Array.isArray(next) && next.length * memberBytes > limit) return 'too-large';
        for (const key in next) {
          if (!Object.hasOwn(next, key)) return 'not-plain';
          bytes += key.length + memberBytes;
          if (bytes > limit) return 'too-large';
          left.push(Reflect.get(next, key));
        }
        break;
      case 'bigint':
      case 'function':
      case 'symbol':
        return 'not-plain';
      case 'boolean':
      case 'number':
      case 'undefined':
        break;
    }
    if (bytes > limit) return 'too-large';
  }
  return 'fits';
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === Array.prototype || prototype === null;
}
