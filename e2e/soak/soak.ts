import { readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Bytes, Milliseconds } from '#contract/units.ts';
import type { Chance } from '#e2e/support/stage/chance.ts';
import { examine, type Findings } from '#e2e/support/stage/seven-checks.ts';
import { Stage } from '#e2e/support/stage/stage.ts';
import type { Story } from '#e2e/support/stage/story.ts';
import { adventures } from './adventures.ts';

export interface SoakOptions {
  readonly forMs: Milliseconds;
  readonly chance: Chance;
  readonly say: (line: string) => void;
}

export interface SoakReport {
  readonly rounds: number;
  /** How often each adventure ended how: `its operator cancels: safe-on-source` to 3. */
  readonly endings: Readonly<Record<string, number>>;
  /** What this process holds after the first rounds and after the last, when all garbage has been collected. */
  readonly descriptors: readonly [first: number, last: number];
  readonly heap: readonly [first: Bytes, last: Bytes];
  /** Sentences, one for everything that was not as it must be; the soak ends with the first round that has any. */
  readonly violations: readonly string[];
}

/** What is made once and kept (the linker's tables, compiled code, the history's index) has been made by then. */
const warmUpRounds = 6;
/** In a round; samples and journals of a migration take some hundred times that. */
const mostHeapGrowth: Bytes = 60_000;

/**
 * Migrates the guest of a lab back and forth while chance decides what befalls each migration. After each, the same checks
 * as after every case, and the next round is the proof that the guest can be migrated again.
 */
export async function soak({ forMs, chance, say }: SoakOptions): Promise<SoakReport> {
  await using stage = await Stage.make();
  const endings: Record<string, number> = {};
  const violations: string[] = [];
  const names = Object.keys(adventures);
  const untilMs = performance.now() + forMs;
  let [rounds, descriptors, heap] = [0, 0, 0];
  while (violations.length === 0 && (performance.now() < untilMs || rounds <= warmUpRounds)) {
    rounds += 1;
    const name = names[chance.between(0, names.length - 1)] ?? '';
    const story = await adventures[name]?.(stage, chance);
    if (!story) throw new TypeError(`there is no adventure ${name}`);
    const findings = await examine(story);
    violations.push(...violationsOf(findings).map((what) => `round ${rounds}, ${name}: ${what}`));
    const ending = `${name}: ${findings.told.outcome ?? 'open'}`;
    endings[ending] = (endings[ending] ?? 0) + 1;
    say(`${rounds}. ${ending}`);
    if (violations.length > 0) await tellStory(stage, story, say);
    else await afterwards(stage, findings);
    if (rounds === warmUpRounds) [descriptors, heap] = [countDescriptors(), measureHeap()];
  }
  const [lastDescriptors, lastHeap] = [countDescriptors(), measureHeap()];
  if (lastDescriptors > descriptors) violations.push(`${descriptors} open descriptors have become ${lastDescriptors}`);
  const growth = (lastHeap - heap) / Math.max(1, rounds - warmUpRounds);
  if (growth > mostHeapGrowth) violations.push(`the heap grows by ${Math.round(growth)} bytes in a round`);
  return { rounds, endings, descriptors: [descriptors, lastDescriptors], heap: [heap, lastHeap], violations };
}

/** Which copies there may be, by what the operator was told. */
const copiesAfter: Readonly<Record<string, readonly string[]>> = {
  'done-on-destination': ['destination: running'],
  'safe-on-source': ['source: running'],
  'stopped-on-source': ['source: postmigrate'],
  lost: [],
};

function violationsOf({ twice, copies, contradictions, leftOver, told, memory }: Findings): string[] {
  const { outcome = 'open', cause } = told;
  const allowed = copiesAfter[outcome] ?? ['nothing that a soak leaves'];
  // A copy that must never be resumed may be left where the guest is lost.
  const unexpected = copies.filter(
    (copy) => !allowed.includes(copy) && !(outcome === 'lost' && copy === 'source: postmigrate'),
  );
  const missing = allowed.filter((copy) => !copies.includes(copy));
  const alive = outcome === 'done-on-destination' || outcome === 'safe-on-source';
  return [
    ...twice,
    ...unexpected.map((copy) => `${outcome}, and there is ${copy}`),
    ...missing.map((copy) => `${outcome}, and there is no ${copy}`),
    ...contradictions,
    ...leftOver.map((line) => `left over: ${line}`),
    ...(outcome !== 'done-on-destination' && !cause ? [`${outcome}, and the record has no cause`] : []),
    ...(alive && memory !== 'proven' ? [`the memory: ${memory}`] : []),
  ];
}

/** What an operator does who reads how it ended. */
async function afterwards(stage: Stage, { told: { outcome } }: Findings): Promise<void> {
  if (outcome !== 'lost' && outcome !== 'stopped-on-source') return;
  for (const { pid } of stage.copies()) await stage.remove(pid);
  await stage.restartGuest();
}

async function tellStory(stage: Stage, { id }: Story, say: (line: string) => void): Promise<void> {
  const { events, startedAtEpochMs } = await stage.application.record(id);
  for (const { atEpochMs, text } of events) say(`${((atEpochMs - startedAtEpochMs) / 1000).toFixed(3)} ${text}`);
}

function countDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

function measureHeap(): Bytes {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
  return process.memoryUsage().heapUsed;
}
