import type { JournalEntry } from '#contract/migration.ts';
import { isoTime } from '#contract/iso-time.ts';
import { plainText } from '#contract/plain-text.ts';
import type { MigrationView } from '#main/cli/drive.ts';
import { narrator } from '#main/export/narrator.ts';

/** For pipes and files: one line an event, with its UTC time; samples are in the record. */
export function plainView(write: (line: string) => void, nowEpochMs: () => number): MigrationView {
  const tell = narrator();
  const line = (atEpochMs: number, text: string): void => write(`${isoTime(atEpochMs)} ${plainText(text)}`);
  return {
    entry: ({ atEpochMs, event }: JournalEntry) => line(atEpochMs, tell(event)),
    sample: () => undefined,
    say: (text) => line(nowEpochMs(), text),
    close: () => undefined,
  };
}
