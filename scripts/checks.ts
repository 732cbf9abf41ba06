import { resolve } from 'node:path';
import { startVitest } from 'vitest/node';
import { branchesOfSafetyCore } from './branches.ts';
import { runCheck, type Check, type Outcome } from './command.ts';
import { closingLine, sum, tallyOf, type Tally } from './tally.ts';

// fast: what a change must pass before it is committed, in seconds. all: what `npm test` promises.
const lane = process.argv[2];
if (lane !== 'fast' && lane !== 'all') {
  console.error('usage: node scripts/checks.ts fast|all');
  process.exit(2);
}

const standing: Check[] = [
  { name: 'types: main', command: ['tsc', '-p', 'tsconfig.main.json'] },
  { name: 'types: preload', command: ['tsc', '-p', 'tsconfig.preload.json'] },
  { name: 'types: renderer', command: ['tsc', '-p', 'tsconfig.renderer.json'] },
  { name: 'lint', command: ['oxlint', '--deny-warnings'] },
  { name: 'format', command: ['prettier', '--check', '--cache', '--cache-location', '.cache/prettier', '.'] },
];
const build: Check = { name: 'build', command: ['sh', 'scripts/build'] };

const outcomes = await Promise.all(standing.map(runCheck));
outcomes.forEach(print);
const tallies = [await runTests('unit', lane === 'all')];
if (lane === 'all') {
  const branches = branchesOfSafetyCore(resolve(import.meta.dirname, '..'));
  print(branches);
  outcomes.push(branches);
  const built = await runCheck(build);
  print(built);
  outcomes.push(built);
  tallies.push(await runTests('web'), await runTests('live'));
}

const total = sum(tallies);
for (const { file, name, reason } of total.skipped) {
  console.log(`skipped: ${file} > ${name}${reason === undefined ? '' : `: ${reason}`}`);
}
for (const { file, name, reason } of total.secondTries) console.log(`second try: ${file} > ${name}: ${reason}`);
const broken = outcomes.filter((outcome) => !outcome.passed).map((outcome) => outcome.name);
if (broken.length > 0) console.log(`not passed: ${broken.join(', ')}`);
const ran = total.passed + total.failed;
if (ran === 0) console.log('not passed: no test ran');
console.log(closingLine(total));
process.exitCode = broken.length > 0 || total.failed > 0 || ran === 0 ? 1 : 0;

async function runTests(project: 'unit' | 'web' | 'live', measured = false): Promise<Tally> {
  const coverage = { enabled: measured };
  const vitest = await startVitest([], { project: [project], watch: false, passWithNoTests: true, coverage });
  return tallyOf(vitest.state.getTestModules(), vitest.state.getUnhandledErrors().length);
}

function print({ name, passed, output, elapsedMs }: Outcome): void {
  console.log(`${passed ? 'ok    ' : 'FAILED'} ${name} (${(elapsedMs / 1000).toFixed(1)} s)`);
  if (!passed) console.log(output.trimEnd());
}
