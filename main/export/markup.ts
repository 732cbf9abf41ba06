import { plainText } from '#contract/plain-text.ts';

/** Text that is markup already: only `markup` makes it, so all other text that reaches a page is escaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type MarkupValue = Markup | string | number | undefined | readonly Markup[];

/** The one template of every page: values are escaped for elements and for quoted attributes alike. */
export function markup(literals: TemplateStringsArray, ...values: readonly MarkupValue[]): Markup {
  const parts = literals.map((literal, index) => literal + written(values[index]));
  return new Markup(parts.join(''));
}

function written(value: MarkupValue): string {
  if (value === undefined) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'number' || typeof value === 'string') return escaped(String(value));
  return value.map(({ text }) => text).join('');
}

/** The ampersand first: those of the others are ours. */
const entities = [
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
] as const;

function escaped(text: string): string {
  return entities.reduce((result, [character, entity]) => result.replaceAll(character, entity), plainText(text));
}
