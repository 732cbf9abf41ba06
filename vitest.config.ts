import { defineConfig } from 'vitest/config';

// unit: seconds, no network, no processes. live: real QEMU, namespaces and kernel MPTCP, one file at a time because the
// machine's cores are the measured resource.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{contract,native,main,lab,renderer,preload,scripts}/**/*.test.{ts,tsx}'],
          exclude: ['**/*.live.test.ts'],
        },
      },
      {
        test: {
          name: 'live',
          include: ['**/*.live.test.ts'],
          exclude: ['node_modules', 'out'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
