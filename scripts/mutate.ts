import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { subjects, type Subject } from './mutation-subjects.ts';
import { mutantsOf, mutated, type Mutant } from './mutants.ts';
import { TestBench } from './test-bench.ts';

/**
 * `npm run mutate [-- decide]`: changes the engine's table and its fold in one place at a time, and runs their tests. A
 * change that no test notices is a condition without a test: it is printed, and fails the run.
 */
const root = resolve(import.meta.dirname, '..');
const wanted = process.argv.slice(2);
const chosen = subjects.filter(({ file }) => wanted.length === 0 || wanted.some((part) => file.includes(part)));
if (chosen.length === 0)
  console.error(`usage: npm run mutate -- [part of a path]...: ${subjects.map(({ file }) => file).join(', ')}`);
let sound = chosen.length > 0;
for (const subject of chosen) sound = (await examine(subject)) && sound;
process.exitCode = sound ? 0 : 1;

async function examine(subject: Subject): Promise<boolean> {
  const source = readFileSync(join(root, subject.file), 'utf8');
  const mutants = mutantsOf(source, subject.dialect);
  const bench = await TestBench.open(root, subject.file, subject.tests);
  try {
    if (await bench.notices(source)) {
      console.log(`${subject.file}: its tests fail without any change`);
      return false;
    }
    const survivors: Mutant[] = [];
    for (const mutant of mutants) if (!(await bench.notices(mutated(source, mutant)))) survivors.push(mutant);
    return report(subject, mutants.length, survivors);
  } finally {
    await bench.close();
  }
}

function report({ file, equivalents }: Subject, total: number, survivors: readonly Mutant[]): boolean {
  const unnoticed = survivors.filter(({ name }) => !Object.hasOwn(equivalents, name));
  const outdated = Object.keys(equivalents).filter((name) => !survivors.some((survivor) => survivor.name === name));
  for (const { line, name } of unnoticed) console.log(`not noticed: ${file}:${line} ${name}`);
  for (const name of outdated) console.log(`noticed or not made, and yet called equivalent: ${file} ${name}`);
  console.log(
    `${file}: ${total} mutants, ${total - survivors.length} caught, ${survivors.length - unnoticed.length} equivalent, ${unnoticed.length} not noticed`,
  );
  return unnoticed.length + outdated.length === 0;
}
