/** Is given each secret that was found, and answers with what to write in its place. */
export type Hide = (secret: string) => string;

/** Replaces the group `secret` of each match; `head` is what stands before it in the match. */
export function hideGroup(
  text: string,
  shape: RegExp,
  hide: Hide,
  applies: (name: string) => boolean = () => true,
): string {
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
