/**
 * What a text may hold that its reader does not see, or that shows another text than there is: control characters (C0,
 * DEL, C1, which drive a terminal), line and paragraph separators, bidirectional controls (Unicode Standard Annex 9),
 * zero-width and other ignorable characters (property Default_Ignorable_Code_Point), and surrogates without their other
 * half. A tab and a line feed are left to those who lay out text.
 */
const unseen = /(?![\t\n])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Longer than any sentence or line of ours. */
const mostCharacters = 2000;

/** A name in a table, a title, a sentence: longer than any that an operator has to type. */
const mostNameCharacters = 80;

/** The text with each of those characters as its escape: `\u202e`, `\u{e0001}`; no longer than `most`. */
export function visible(text: string, most = Infinity): string {
  const escapedText = text.replace(unseen, escaped);
  return escapedText.length > most ? whole(escapedText, most) : escapedText;
}

/**
 * Text of hosts, guests and users as one line that can be printed anywhere: white space is one space, what would not be
 * seen is escaped, and what is longer than any line of ours is cut.
 */
export function plainText(text: string, most = mostCharacters): string {
  // Cut before as well: a text of many MiB is not worked through for the two thousand characters that are shown.
  const line = visible(
    text
      .slice(0, 4 * most)
      .replace(/\s+/g, ' ')
      .trim(),
  );
  return text.length > 4 * most || line.length > most ? `${whole(line, most - 1)}…` : line;
}

/** The same for a name: also a long one leaves room for the sentence around it. */
export function plainName(name: string, most = mostNameCharacters): string {
  return plainText(name, most);
}

/** A name as data: not escaped, and cut where it is longer than any that the kernel allows for a file. */
export function boundedName(name: string): string {
  return name.length > longestDataName ? `${whole(name, longestDataName - 1)}…` : name;
}

/** Characters of a name that travels as data: NAME_MAX (limits.h). */
export const longestDataName = 255;

/** What a program has said, line by line: the last ones, which hold the cause, and a note where there were more. */
export function plainLines(text: string, most = 60): string[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const last = lines.slice(-most).map((line) => plainText(line));
  return lines.length > most ? [`(${lines.length - most} lines before)`, ...last] : last;
}

/** Words of another program as the end of a sentence of ours, after which another one can stand. */
export function asSentence(text: string): string {
  const words = text.trimEnd();
  return /[.!?…]$/.test(words) ? words : `${words}.`;
}

/** Plain data with every string in it made visible, for a reader that shows it and gives none of it back. */
export function visibleData<Value>(value: Value): Value;
export function visibleData(value: unknown): unknown {
  if (typeof value === 'string') return visible(value);
  if (Array.isArray(value)) return value.map((member: unknown) => visibleData(member));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [visible(key), visibleData(member)]));
}

/** JSON text in which such characters stand as JSON's own escapes, so that it decodes to the same data. */
export function visibleJson(json: string): string {
  return json.replace(unseen, (character) =>
    Array.from({ length: character.length }, (_, unit) => `\\u${hex(character.charCodeAt(unit))}`).join(''),
  );
}

/**
 * A word of a command to be copied into a shell (POSIX; with characters that are not seen, bash's `$'...'`): as it is
 * where that is safe. It survives `plainText`.
 */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./][\w@%+=:,./-]*$/.test(text)) return text;
  const isPlain = visible(text) === text && !/^ | $| {2}|[\t\n]/.test(text);
  if (isPlain) return `'${text.replaceAll("'", String.raw`'\''`)}'`;
  const quoted = visible(text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`))
    .replaceAll(/\\u\{([0-9a-f]+)\}/g, (_all, code: string) => `\\U${code.padStart(8, '0')}`)
    .replaceAll('\t', '\\t')
    .replaceAll('\n', '\\n')
    .replaceAll(' ', '\\x20');
  return `$'${quoted}'`;
}

function escaped(character: string): string {
  const [unit, second] = [character.charCodeAt(0), character.charCodeAt(1)];
  if (character.length === 1) return `\\u${hex(unit)}`;
  // A pair of surrogates (Unicode Standard, section 3.9, D91).
  return `\\u{${(0x1_0000 + (unit - 0xd800) * 0x400 + (second - 0xdc00)).toString(16)}}`;
}

function hex(unit: number): string {
  return unit.toString(16).padStart(4, '0');
}

/** No longer than this, and without half a character at its end. */
function whole(text: string, most: number): string {
  return text.slice(0, most).replace(/[\ud800-\udbff]$/, '');
}
