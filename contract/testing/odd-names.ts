/** One of each kind that is not seen, or that drives what shows it. */
export const unseenCharacters = [
  '\u0000',
  '\u0007',
  '\n',
  '\r',
  '\t',
  '\u001b[31m',
  '\u001b]0;title\u0007',
  '\u007f',
  '\u009b31m',
  '\u00ad',
  '\u061c',
  '\u200b',
  '\u200d',
  '\u200e',
  '\u200f',
  '\u2028',
  '\u2029',
  '\u202a',
  '\u202d',
  '\u202e',
  '\u2060',
  '\u2066',
  '\u2069',
  '\ufeff',
  '\ufff9',
  '\u{e0041}',
  '\ud800',
  '\udc00',
] as const;

/** Names of guests, hosts, interfaces or users that are made to mislead their reader. */
export const oddNames: readonly string[] = [
  ...unseenCharacters.map((character) => `web${character}01`),
  'x'.repeat(5000),
  '\u{1f600}'.repeat(2500),
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "=cmd|' /C calc'!A0",
  '+1+1',
  '-2',
  '@SUM(A1)',
  '$(reboot)',
  '`reboot`',
  '; reboot',
];

/**
 * The first character of a text that is not seen, or drives what shows it, other than the ends of lines that are allowed.
 * By its code points, so that a hole in what is tested is not one here.
 */
export function unseenIn(text: string, lineEnds = '\n'): string | undefined {
  const hidden =
    /[\p{Cc}\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
  return text.match(hidden)?.find((character) => !lineEnds.includes(character));
}
