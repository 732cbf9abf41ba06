import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { z } from 'zod';
import type { Outcome } from './command.ts';

/** Where vitest.config.ts has a run with coverage leave its report. */
export const coverageDirectory = '.cache/coverage';

const placeSchema = z.object({ start: z.object({ line: z.number().optional() }) });

/** The part of Istanbul's report (`coverage-final.json`) that is read here, by file. */
const reportSchema = z.record(
  z.string(),
  z.object({
    branchMap: z.record(z.string(), z.object({ type: z.string(), loc: placeSchema, locations: z.array(placeSchema) })),
    b: z.record(z.string(), z.array(z.number())),
    fnMap: z.record(z.string(), z.object({ name: z.string(), loc: placeSchema })),
    f: z.record(z.string(), z.number()),
  }),
);
export type CoverageReport = z.infer<typeof reportSchema>;

export interface Untaken {
  readonly file: string;
  readonly line: number;
  /** In the words of Istanbul: `if 1` is what follows when the condition does not hold. */
  readonly what: string;
}

/** Every branch that no test has taken and every function that none has called. */
export function untakenIn(report: CoverageReport): readonly Untaken[] {
  return Object.entries(report).flatMap(([file, { branchMap, b, fnMap, f }]) => [
    ...Object.entries(branchMap).flatMap(([id, { type, loc, locations }]) =>
      (b[id] ?? []).flatMap((count, index) => {
        // An `else` that is not written has no place of its own.
        const line = locations[index]?.start.line ?? loc.start.line ?? 0;
        return count === 0 ? [{ file, line, what: `${type} ${index}` }] : [];
      }),
    ),
    ...Object.entries(fnMap).flatMap(([id, { name, loc }]) =>
      f[id] === 0 ? [{ file, line: loc.start.line ?? 0, what: `function ${name}` }] : [],
    ),
  ]);
}

/** A check of the run that has just ended. It leaves no report where a test failed. */
export function branchesOfSafetyCore(root: string): Outcome {
  const began = performance.now();
  const { passed, output } = verdict(root);
  return { name: 'branches: safety core', passed, output, elapsedMs: performance.now() - began };
}

function verdict(root: string): Pick<Outcome, 'passed' | 'output'> {
  let text: string;
  try {
    text = readFileSync(join(root, coverageDirectory, 'coverage-final.json'), 'utf8');
  } catch {
    return { passed: false, output: 'not measured: a run in which a test fails leaves no report' };
  }
  const report = reportSchema.parse(JSON.parse(text));
  const untaken = untakenIn(report).map(({ file, line, what }) => `${relative(root, file)}:${line} ${what}`);
  const count = Object.values(report).flatMap(({ b, f }) => [...Object.values(b).flat(), ...Object.values(f)]).length;
  if (count === 0) return { passed: false, output: 'not measured: no file of scripts/safety-core.ts was found' };
  return {
    passed: untaken.length === 0,
    output: [...untaken, `${untaken.length} of ${count} branches and functions not taken by any unit test`].join('\n'),
  };
}
