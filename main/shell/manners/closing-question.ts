import type { MigrationRow } from '#contract/channels.ts';
import { plainName } from '#contract/plain-text.ts';

/** What closing the window means while something runs. */
export const closingAnswers = ['close-window', 'stay'] as const;
export type ClosingAnswer = (typeof closingAnswers)[number];

export const quittingAnswers = ['close-window', 'quit', 'stay'] as const;
export type QuittingAnswer = (typeof quittingAnswers)[number];

/** A message box; its buttons stand in the order of the answers. */
export interface Question<Answer extends string> {
  readonly message: string;
  readonly detail: string;
  readonly buttons: readonly { readonly answer: Answer; readonly label: string }[];
}

const closeWindow = { answer: 'close-window', label: 'Close the window' } as const;
const stay = { answer: 'stay', label: 'Keep it open' } as const;

/** Asked when the last window is closed: Switchyard can manage the migration without one. */
export function closingQuestion(running: readonly MigrationRow[]): Question<ClosingAnswer> {
  return {
    message: `${subject(running)} still on the way.`,
    detail:
      'The migration continues without the window. Switchyard manages it in the background, reports how it ended, ' +
      'and then quits. Start Switchyard again to see it.',
    buttons: [closeWindow, stay],
  };
}

/** Asked when the whole program is to end. */
export function quittingQuestion(running: readonly MigrationRow[]): Question<QuittingAnswer> {
  return {
    message: `${subject(running)} still on the way.`,
    detail:
      'QEMU continues to copy if you quit, but no process manages it: the guest may stand still at the end, until ' +
      'Switchyard is started again and takes it up. Closing the window is enough to get it out of the way.',
    buttons: [closeWindow, { answer: 'quit', label: 'Quit anyway' }, stay],
  };
}

function subject(running: readonly MigrationRow[]): string {
  const [only, ...others] = running.map((row) => plainName(row.summary?.guest ?? row.id));
  if (others.length > 0) return `${running.length} guests are`;
  return `${only ?? 'A guest'} is`;
}
