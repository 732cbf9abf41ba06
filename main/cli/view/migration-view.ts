import type { Clock } from '#main/cli/clock.ts';
import type { Console } from '#main/cli/console.ts';
import type { MigrationView } from '#main/cli/drive.ts';
import { liveView } from './live/live-view.ts';
import { plainView } from './plain-view.ts';

export interface ViewOptions {
  /** stdout belongs to the record, so the story goes to stderr. */
  readonly json: boolean;
  readonly managedHere: () => boolean;
}

/** The view that suits who is looking: a picture for a terminal, lines for a pipe or a file. */
export function migrationView(console: Console, clock: Clock, { json, managedHere }: ViewOptions): MigrationView {
  const terminal = json ? console.terminals.log : console.terminals.out;
  if (terminal) return liveView(terminal, { clock, managedHere });
  return plainView(json ? console.log : console.out, () => clock.epochMs());
}
