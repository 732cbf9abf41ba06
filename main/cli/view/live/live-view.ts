import type { JournalEntry } from '#contract/migration.ts';
import type { Sample } from '#contract/telemetry.ts';
import type { Clock } from '#main/cli/clock.ts';
import type { Terminal } from '#main/cli/console.ts';
import type { MigrationView } from '#main/cli/drive.ts';
import { frame } from './frame.ts';
import { Screen } from './screen.ts';
import { Story } from './story.ts';

/** Five pictures a second: figures that change more often cannot be read, and this process has better things to do. */
const frameMs = 200;

/** Draws a migration while it runs. What arrives between two pictures shows in the next. */
export function liveView(
  terminal: Terminal,
  { clock, managedHere }: { readonly clock: Clock; readonly managedHere: () => boolean },
): MigrationView {
  const story = new Story();
  const screen = new Screen(terminal);
  const stop = clock.every(frameMs, () => {
    const { scene } = story;
    if (!scene) return;
    const { columns, rows, unicode } = terminal;
    screen.draw(frame(scene, { columns, rows, unicode, managedHere: managedHere(), nowEpochMs: clock.epochMs() }));
  });
  return {
    entry: (entry: JournalEntry) => story.entry(entry),
    sample: (sample: Sample) => story.sample(sample),
    say: (text) => screen.print(text),
    close: () => {
      stop();
      screen.close();
    },
  };
}
