import { cancelReasonSchema, guestPlaceSchema, outcomeSchema, stepNameSchema } from '#contract/migration.ts';
import { causes } from '#main/engine/explain.ts';
import type { Dialect } from './mutants.ts';

/** A file whose every small change has to be noticed by its own tests. */
export interface Subject {
  readonly file: string;
  readonly tests: readonly string[];
  readonly dialect: Dialect;
  /** Mutants by name that mean the same as the original, and why. */
  readonly equivalents: Readonly<Record<string, string>>;
}

const words = [
  outcomeSchema.options,
  guestPlaceSchema.options,
  stepNameSchema.options,
  cancelReasonSchema.options,
  causes,
];

/** The compiler wants to know; what has another kind lacks the member, and so is another anyway. */
const noSuchMember = 'what is of another kind has no such member';

export const subjects: readonly Subject[] = [
  {
    file: 'main/engine/decide.ts',
    tests: [
      'main/engine/decide.test.ts',
      'main/engine/decide-conditions.test.ts',
      'main/engine/decide-patience.test.ts',
    ],
    dialect: {
      decisions: {
        act: "wait('something else')",
        note: "wait('something else')",
        cancelFor: "wait('something else')",
        wait: "act('yank')",
        end: "wait('something else')",
      },
      words,
    },
    equivalents: {
      "decide: decision.kind !== 'end' || !isFinal(decision.outcome) -> !isFinal(decision.outcome)": noSuchMember,
      'lostInPostCopy: \'given-up\' -> "given-up~"': 'any text there says that nothing is begun',
    },
  },
  {
    file: 'main/engine/state.ts',
    tests: ['main/engine/state.test.ts', 'main/engine/state-conditions.test.ts', 'main/engine/phase.test.ts'],
    dialect: { decisions: {}, words },
    equivalents: {
      "withoutHistory: observation.kind !== 'answering' || observation.migration !== 'completed' -> observation.migration !== 'completed'":
        noSuchMember,
    },
  },
  {
    file: 'main/engine/observation.ts',
    tests: ['main/engine/observation.test.ts'],
    dialect: { decisions: {}, words },
    equivalents: {
      "runs: observation.kind === 'answering' && observation.run === 'running' -> observation.run === 'running'":
        noSuchMember,
      "statusOf: observation.kind === 'answering' -> true": noSuchMember,
    },
  },
  {
    file: 'main/engine/live-paths.ts',
    tests: ['main/engine/live-paths.test.ts'],
    dialect: { decisions: {}, words: [...words, ['dead', 'in good order']] },
    equivalents: {},
  },
  {
    file: 'main/engine/recovery.ts',
    tests: ['main/engine/recovery.test.ts'],
    dialect: { decisions: {}, words },
    equivalents: {},
  },
  {
    file: 'main/engine/path-lease.ts',
    tests: ['main/engine/path-lease.test.ts'],
    dialect: { decisions: {}, words },
    equivalents: {},
  },
  {
    file: 'main/engine/operator-requests.ts',
    tests: ['main/engine/operator-requests.test.ts'],
    dialect: { decisions: {}, words },
    equivalents: {},
  },
  {
    file: 'main/engine/stopwatch.ts',
    tests: ['main/engine/stopwatch.test.ts'],
    dialect: { decisions: {}, words },
    equivalents: {},
  },
  {
    file: 'main/engine/within.ts',
    tests: ['main/engine/within.test.ts'],
    dialect: { decisions: {}, words },
    equivalents: {},
  },
  {
    file: 'main/engine/run.ts',
    tests: [
      'main/engine/run-wiring.test.ts',
      'main/engine/run.test.ts',
      'main/engine/run-post-copy.test.ts',
      'main/engine/write-ahead.test.ts',
    ],
    dialect: { decisions: {}, words },
    equivalents: {
      'module: 100 -> 101': 'the grain of the watchdogs may be finer or coarser',
      'module: 100 -> 99': 'the grain of the watchdogs may be finer or coarser',
    },
  },
  {
    file: 'main/engine/sending.ts',
    tests: ['main/engine/sending.test.ts'],
    dialect: { decisions: {}, words },
    equivalents: {},
  },
];
