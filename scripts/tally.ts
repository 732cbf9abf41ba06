/** What a test run came to. A test file or suite that broke outside any test counts as one failure. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly SkippedTest[];
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
  result():
    | { readonly state: 'passed' | 'failed' | 'pending' }
    | { readonly state: 'skipped'; readonly note: string | undefined };
}

export const nothingRan: Tally = { passed: 0, failed: 0, skipped: [] };

/** `strayErrors`: errors that no test owns, such as a rejection after the test had ended. */
export function tallyOf(modules: Iterable<FinishedModule>, strayErrors: number): Tally {
  let passed = 0;
  let failed = strayErrors;
  const skipped: SkippedTest[] = [];
  for (const module of modules) {
    if (module.errors().length > 0) failed += 1;
    for (const suite of module.children.allSuites()) {
      if (suite.errors().length > 0) failed += 1;
    }
    for (const test of module.children.allTests()) {
      const result = test.result();
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
  return { passed, failed, skipped };
}

export function sum(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (total, tally) => ({
      passed: total.passed + tally.passed,
      failed: total.failed + tally.failed,
      skipped: [...total.skipped, ...tally.skipped],
    }),
    nothingRan,
  );
}

/** The line that closes a test run; other programs read it. */
export function closingLine(tally: Tally): string {
  return `${tally.passed} passed, ${tally.failed} failed, ${tally.skipped.length} skipped`;
}
