import type { Console } from '#main/cli/console.ts';
import type { MigrationView } from '#main/cli/drive.ts';
import { plainView } from './plain-view.ts';

/** The view that suits who is looking: with `--json` stdout belongs to the record, so the story goes to stderr. */
export function migrationView(console: Console, { json }: { readonly json: boolean }): MigrationView {
  return plainView(json ? console.log : console.out, Date.now);
}
