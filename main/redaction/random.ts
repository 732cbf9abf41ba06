/** What people call something has a divider every few characters; what a machine has drawn has none, or one now and then. */
const longPiece = 20;
const usualPiece = 9;
const longWord = 32;

const uuids = /(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])/gi;

/**
 * Whether a word looks as if a machine had drawn it: long, of many different characters, and not made of what people make
 * names of. UUIDs, dates and numbers are none.
 */
export function looksRandom(word: string): boolean {
  const pieces = word
    .replaceAll(uuids, '')
    .replaceAll(/[+/=]/g, '')
    .split(/[^A-Za-z0-9]+/)
    .filter((piece) => piece !== '');
  const characters = pieces.join('');
  const longest = pieces.reduce((most, { length }) => Math.max(most, length), 0);
  const ofAllKinds = /[a-z]/.test(characters) && /[A-Z]/.test(characters) && /\d/.test(characters);
  const long = characters.length >= (ofAllKinds ? longPiece - 2 : longWord);
  const dense = long && characters.length / pieces.length >= usualPiece;
  if ((longest < longPiece && !dense) || !/[A-Za-z]/.test(characters)) return false;
  if (/^[0-9a-f]+$/i.test(characters)) return /\d/.test(characters) && entropyOf(characters) > 2.5;
  return entropyOf(characters) > 3.1 && (alternations(characters) >= 5 || shareOfWords(pieces) < 0.5);
}

/** Shannon's, in bits for each character. */
function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()]
    .map((count) => count / text.length)
    .reduce((sum, share) => sum - share * Math.log2(share), 0);
}

/** How often letters follow digits, or digits letters, for each twenty characters. */
function alternations(text: string): number {
  return (20 * text.replaceAll(/\d+|[A-Za-z]+/g, '.').length) / text.length;
}

/** How much of a text are words that can be spoken. */
function shareOfWords(pieces: readonly string[]): number {
  const spoken = pieces
    .flatMap((piece) => [...piece.matchAll(/[A-Z]?[a-z]+|[A-Z]+/g)].map(([word]) => word))
    .filter((word) => word.length >= 4 && canBeSpoken(word.toLowerCase()));
  return spoken.join('').length / pieces.join('').length;
}

function canBeSpoken(word: string): boolean {
  const vowels = word.replaceAll(/[^aeiouy]/g, '').length / word.length;
  return vowels >= 0.2 && vowels <= 0.75 && !/[^aeiouy]{5}/.test(word);
}
