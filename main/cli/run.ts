import type { Context } from './context.ts';
import { printJson } from './console.ts';
import { exitCode, exitCodeOfFailure } from './exit-code.ts';
import { readCommandLine } from './program.ts';

export interface Surroundings extends Context {
  readonly version: string;
  /** Connects what SWITCHYARD_TRACE names; rejects where it names what is not there. */
  readonly openTraces: () => Promise<void>;
  /**
   * Runs the same command line where labs are, if this user cannot see them from here, and answers with its exit code;
   * `make` sets such a place up. `undefined` when here is the right place.
   */
  readonly enterLabs: (options: { readonly make: boolean }) => Promise<number | undefined>;
}

/** Runs one command line and answers with the exit code; never rejects, and never shows a stack unasked. */
export async function runCommandLine(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const { console, version, enterLabs } = surroundings;
  const json = argv.includes('--json');
  try {
    const reading = readCommandLine(argv, version, { out: console.out, log: console.log });
    if (reading.kind === 'printed') return exitCode.done;
    if (reading.kind === 'misused') {
      // In words commander has said it already.
      if (json) printJson(console, { error: misuse(reading.why) });
      return exitCode.usage;
    }
    const { labs, command } = reading.chosen;
    await surroundings.openTraces();
    const elsewhere = labs === 'needs-none' ? undefined : await enterLabs({ make: labs === 'makes' });
    return elsewhere ?? (await (await command())(surroundings));
  } catch (thrown) {
    // Loaded when needed: what failures are made of is heavier than all else that `--help` takes.
    const { reportFailure } = await import('./failure-report.ts');
    return exitCodeOfFailure(await reportFailure(surroundings, thrown, { json }));
  }
}

function misuse(text: string) {
  return { kind: 'invalid-request', text, remedy: 'See `switchyard --help`.' };
}
