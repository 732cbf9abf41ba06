import type { PreflightAnswer } from '#contract/channels.ts';
import { plainText } from '#contract/plain-text.ts';
import { checkLines } from './checks.ts';
import { pathLines } from './paths.ts';

/** A command that is cut is none. */
const mostCommandCharacters = 16_384;

/** Everything found out beforehand: the readiness grid, what it would be like, what would be sent, and the verdict. */
export function preflightLines(
  answer: PreflightAnswer,
  { commands = false }: { readonly commands?: boolean } = {},
): string {
  return [
    checkLines(answer.checks),
    '',
    ...pathLines(answer.paths, answer.leftOut),
    ...forecastLines(answer),
    ...(commands ? [...reviewLines(answer), ''] : []),
    verdict(answer),
  ].join('\n');
}

function forecastLines({ forecast: { chosen, onePath } }: PreflightAnswer): string[] {
  return [
    `Forecast: ${plainText(chosen.text)}`,
    ...(chosen.text === onePath.text ? [] : [`Over one path alone: ${plainText(onePath.text)}`]),
    '',
  ];
}

/** The very commands that each QEMU would be sent, in their order. */
function reviewLines({ review }: PreflightAnswer): string[] {
  if (review.length === 0) return ['The commands cannot be shown: a QEMU could not be asked what it understands.'];
  const width = Math.max(...review.map(({ side }) => side.length));
  return review.map(({ side, command }) => `${side.padEnd(width)}  ${plainText(command, mostCommandCharacters)}`);
}

function verdict({ ready, checks }: PreflightAnswer): string {
  if (ready) return 'Ready: nothing stands in the way.';
  const errors = checks.filter(({ passed, severity }) => !passed && severity === 'error').length;
  return errors === 1 ? 'Not ready: one check stands in the way.' : `Not ready: ${errors} checks stand in the way.`;
}
