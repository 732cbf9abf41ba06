import { visible } from '#contract/plain-text.ts';

/** A line for the operator who started the program from a terminal. Started from a menu it has none. */
export function log(line: string): void {
  process.stderr.write(`switchyard: ${visible(line)}\n`);
}
