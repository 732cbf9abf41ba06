import { defineConfig } from 'vitest/config';
import { coverageDirectory } from './scripts/branches.ts';
import { unlessSafetyFailed } from './e2e/support/second-try.ts';
import { safetyCore } from './scripts/safety-core.ts';

/**
 * A second try is for what two cores may play too slowly. A failed safety check is never tried again: a rule that is broken once
 * is broken, and a second try would hide it. Such an error says so at its beginning (e2e/support/stage/safety-error.ts).
 */
const secondTry = { count: 1, condition: unlessSafetyFailed } as const;

// unit: seconds, no network, no processes. web: the built window in Chromium, with a fake behind it. live: real QEMU,
// namespaces and kernel MPTCP. The last two run one file at a time, because the machine's cores are the measured resource.
export default defineConfig({
  test: {
    coverage: { include: [...safetyCore], reporter: ['json'], reportsDirectory: coverageDirectory },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{contract,native,main,lab,renderer,preload,scripts,e2e}/**/*.test.{ts,tsx}'],
          exclude: ['**/*.live.test.ts', '**/*.web.test.ts'],
          retry: 0,
          // Of no test's business but one that hangs: thousands of generated inputs take their time on a busy machine.
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'web',
          include: ['e2e/web/**/*.web.test.ts'],
          globalSetup: ['e2e/support/build-renderer.ts'],
          fileParallelism: false,
          retry: secondTry,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'live',
          include: ['**/*.live.test.ts'],
          exclude: ['node_modules', 'out'],
          fileParallelism: false,
          // Real QEMUs on a machine that may be busy: a test that needed a second try is named at the end.
          retry: secondTry,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
