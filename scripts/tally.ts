/** What a test run came to. A test file or suite that broke outside any test counts as one failure. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly SkippedTest[];
  /** Those that did not pass at once, whatever became of them then. */
  readonly secondTries: readonly SecondTry[];
}

export interface SecondTry {
  readonly file: string;
  readonly name: string;
  /** The first line of what went wrong at the first try. */
  readonly reason: string;
}

export interface SkippedTest {
  readonly file: string;
  readonly name: string;
  /** The text given to `context.skip(text)`; undefined where a test is skipped by a condition alone. */
  readonly reason: string | undefined;
}

/** The part of Vitest's `TestModule` that is read here. */
export interface FinishedModule {
  readonly relativeModuleId: string;
  errors(): readonly unknown[];
  readonly children: {
    allSuites(): Iterable<{ errors(): readonly unknown[] }>;
    allTests(): Iterable<FinishedTest>;
  };
}

export interface FinishedTest {
  readonly fullName: string;
  /** One for each try; none of a test that was skipped. */
  attempts(): readonly { readonly errors: readonly { readonly message?: string }[] | undefined }[];
  result():
    | { readonly state: 'passed' | 'failed' | 'pending' }
    | { readonly state: 'skipped'; readonly note: string | undefined };
}

export const nothingRan: Tally = { passed: 0, failed: 0, skipped: [], secondTries: [] };

/** `strayErrors`: errors that no test owns, such as a rejection after the test had ended. */
export function tallyOf(modules: Iterable<FinishedModule>, strayErrors: number): Tally {
  let passed = 0;
  let failed = strayErrors;
  const skipped: SkippedTest[] = [];
  const secondTries: SecondTry[] = [];
  for (const module of modules) {
    if (module.errors().length > 0) failed += 1;
    for (const suite of module.children.allSuites()) {
      if (suite.errors().length > 0) failed += 1;
    }
    for (const test of module.children.allTests()) {
      const result = test.result();
      const [first, second] = test.attempts();
      if (first && second) {
        const reason = first.errors?.[0]?.message?.split('\n')[0] ?? 'no error was kept';
        secondTries.push({ file: module.relativeModuleId, name: test.fullName, reason });
      }
      if (result.state === 'skipped') {
        skipped.push({ file: module.relativeModuleId, name: test.fullName, reason: result.note });
      } else if (result.state === 'passed') {
        passed += 1;
      } else {
        // Still pending at the end: its worker died under it.
        failed += 1;
      }
    }
  }
  return { passed, failed, skipped, secondTries };
}

export function sum(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (total, tally) => ({
      passed: total.passed + tally.passed,
      failed: total.failed + tally.failed,
      skipped: [...total.skipped, ...tally.skipped],
      secondTries: [...total.secondTries, ...tally.secondTries],
    }),
    nothingRan,
  );
}

/** The line that closes a test run; other programs read it. */
export function closingLine(tally: Tally): string {
  return `${tally.passed} passed, ${tally.failed} failed, ${tally.skipped.length} skipped`;
}
