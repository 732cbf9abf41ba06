import { styleText } from 'node:util';
import { visible } from '#contract/plain-text.ts';
import { beginning, textWidth } from './text-width.ts';

/** How a piece of text is meant; never the only thing that says so. */
export type Tone = 'plain' | 'strong' | 'faint' | 'accent' | 'good' | 'warning' | 'bad';

export interface Span {
  readonly text: string;
  readonly tone: Tone;
}

/** One line of a view: what it says, apart from how a terminal shows it. */
export type Line = readonly Span[];

/** Of one line, whatever the text is: what would drive the terminal or not be seen is escaped. */
export function span(text: string, tone: Tone = 'plain'): Span {
  return { text: visible(text).replace(/[\t\n]/g, ' '), tone };
}

export function lineWidth(line: Line): number {
  return line.reduce((width, { text }) => width + textWidth(text), 0);
}

/** No wider than this: the rest is cut off, and marked by an ellipsis. */
export function cutLine(line: Line, width: number, ellipsis: string): Line {
  if (lineWidth(line) <= width) return line;
  const kept: Span[] = [];
  let room = width - textWidth(ellipsis);
  for (const { text, tone } of line) {
    const part = beginning(text, Math.max(0, room));
    if (part !== text) return room < 0 ? [] : [...kept, span(part + ellipsis, tone)];
    kept.push(span(part, tone));
    room -= textWidth(part);
  }
  return kept;
}

/** Exactly this wide. */
export function padLine(line: Line, width: number, ellipsis: string): Line {
  const cut = cutLine(line, width, ellipsis);
  const missing = width - lineWidth(cut);
  return missing > 0 ? [...cut, span(' '.repeat(missing))] : cut;
}

/** One piece at each edge; where they meet, the left one is cut. */
export function justified(left: Line, right: Line, width: number, ellipsis: string): Line {
  const room = width - lineWidth(right) - 1;
  return room > 0
    ? [...padLine(left, room, ellipsis), span(' '), ...right]
    : cutLine([...left, span(' '), ...right], width, ellipsis);
}

const colours = {
  plain: [],
  strong: ['bold'],
  faint: ['dim'],
  accent: ['cyan'],
  good: ['green'],
  warning: ['yellow'],
  bad: ['red'],
} as const satisfies Record<Tone, readonly Parameters<typeof styleText>[0][]>;

export function paint(line: Line, { colours: coloured }: { readonly colours: boolean }): string {
  return line.map(({ text, tone }) => (coloured ? painted(text, tone) : text)).join('');
}

function painted(text: string, tone: Tone): string {
  const [format] = colours[tone];
  return format === undefined ? text : styleText(format, text, { validateStream: false });
}
