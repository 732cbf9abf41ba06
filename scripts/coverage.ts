import { resolve } from 'node:path';
import { startVitest } from 'vitest/node';
import { branchesOfSafetyCore } from './branches.ts';

/** `npm run coverage`: the unit tests, and which branches of the safety core they leave out. */
const root = resolve(import.meta.dirname, '..');
await startVitest([], { root, project: ['unit'], watch: false, coverage: { enabled: true } });
const { passed, output } = branchesOfSafetyCore(root);
console.log(output);
if (!passed) process.exitCode = 1;
