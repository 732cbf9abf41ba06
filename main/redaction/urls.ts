import type { Hide } from './hide.ts';

const schemes = /(?<![\w+.-])([a-z][\w+.-]{0,31}):\/\//gi;
/** Ends a URL in an option list and in a sentence; a doubled comma is one of the URL's own. */
const end = /[\s"'<>`]|(?<!,),(?!,)/g;

/**
 * The password in `scheme://user:password@host`, also where it holds a `/`, `?` or `#` that should have been encoded; the
 * whole of `https://token@host`; and the second half of libiscsi's `user%password@`.
 */
export function hideInUrls(text: string, hide: Hide): string {
  let result = '';
  let copied = 0;
  let word = { end: -1, lastAt: -1 };
  for (const match of text.matchAll(schemes)) {
    const [whole, scheme = ''] = match;
    const start = match.index + whole.length;
    if (start < copied) continue;
    // Once for each word, however many addresses it holds.
    if (start >= word.end) word = wordAt(text, start);
    const userEnd = endOfUser(text, start, word);
    if (userEnd === undefined) continue;
    const secretStart = start + publicPart(text.slice(start, userEnd), scheme.toLowerCase());
    if (secretStart >= userEnd) continue;
    result += text.slice(copied, secretStart) + hide(text.slice(secretStart, userEnd));
    copied = userEnd;
  }
  return result + text.slice(copied);
}

interface Word {
  readonly end: number;
  readonly lastAt: number;
}

function wordAt(text: string, start: number): Word {
  end.lastIndex = start;
  const wordEnd = end.exec(text)?.index ?? text.length;
  return { end: wordEnd, lastAt: start + text.slice(start, wordEnd).lastIndexOf('@') };
}

/** Where the `@` before the host is. */
function endOfUser(text: string, start: number, word: Word): number | undefined {
  if (word.lastAt < start) return undefined;
  const authorityLength = text.slice(start, word.end).search(/[/?#]/);
  const authority = authorityLength < 0 ? text.slice(start, word.end) : text.slice(start, start + authorityLength);
  const at = authority.lastIndexOf('@');
  if (at >= 0) return start + at;
  // `https://host:8080/image@2` has a port there, and no password.
  const [, afterColon] = /:(.*)$/s.exec(authority) ?? [];
  return afterColon === undefined || /^\d{0,5}$/.test(afterColon) ? undefined : word.lastAt;
}

/** How much of `user:password` may be read. */
function publicPart(user: string, scheme: string): number {
  const web = scheme === 'http' || scheme === 'https';
  const divider = /^is(?:csi|er)$/.test(scheme) ? user.search(/[:%]/) : user.indexOf(':');
  if (divider < 0) return web ? 0 : user.length;
  // A token in the user's place, as code forges take it.
  return web && /^(?:x-oauth-basic)?$/.test(user.slice(divider + 1)) ? 0 : divider + 1;
}
