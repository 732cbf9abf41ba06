import type { Explanation, GuestPlace, JournalEvent, Observation, Outcome, Plan } from '#contract/migration.ts';
import { readMigrationWithoutSamples } from '#main/storage/stored-migration.ts';
import { difference } from './belongings.ts';
import { isAlive } from '#lab/guest/processes.ts';
import { lookAt, type Look } from './copies.ts';
import { SafetyError } from './safety-error.ts';
import type { Memory } from './memory.ts';
import type { Before, Stage } from './stage.ts';

/** A migration that is over, as its story reports it. */
export interface Told {
  readonly stage: Stage;
  readonly id: string;
  readonly before: Before;
}

/** What must hold after every case, as docs/lifecycle.md numbers it; a test compares all of it at once. */
export interface Verdict {
  /** 1: never two running copies, from the first moment of the stage to now. */
  readonly twice: readonly string[];
  /** 2: every copy of the guest, `source: running`. */
  readonly copies: readonly string[];
  /** 3: where a fresh look at both QEMUs contradicts the journal's last word. */
  readonly contradictions: readonly string[];
  /** 4: how the same guest migrates again, once the operator has done what was left to do. */
  readonly again: Outcome;
  /** 5 */
  readonly leftOver: readonly string[];
  /** 6 */
  readonly told: { readonly outcome: Outcome | undefined; readonly guest: GuestPlace } & Partial<Explanation>;
  /** 7: by the guest's own count, before and after; `gone` where the guest was lost. */
  readonly memory: string;
}

/** All but the fourth. */
export type Findings = Omit<Verdict, 'again'>;

export async function examine({ stage, id, before }: Told): Promise<Findings> {
  await stage.watchOn();
  const events = await eventsOf(stage, id);
  const plan = planOf(events);
  const looks = await Promise.all(stage.copies().map(lookAt));
  const { outcome, guestState, explanation } = await stage.application.record(id);
  return {
    copies: looks
      .map(({ copy, run }) => `${copy.host === plan.source.id ? 'source' : 'destination'}: ${run}`)
      .toSorted(),
    contradictions: contradictions(events, plan, looks),
    leftOver: difference(before.belongings, await stage.belongings(before.copies)),
    told: { outcome, guest: guestState, ...explanation },
    memory: isReadable(outcome, looks) ? wordsFor(before.memory, await stage.memory()) : 'not read',
    twice: stage.violations,
  };
}

/** What a test does to the guest on purpose; everything else that breaks a law of safety is a `SafetyError`. */
export type Misfortune = 'none' | 'the guest is lost' | 'the guest starts over' | 'an outsider resumes a copy';

/** `operator` does what the record says is left to do, before the guest is migrated again. */
export async function sevenChecks(
  told: Told,
  operator: () => Promise<void> | void = () => undefined,
  misfortune: Misfortune = 'none',
): Promise<Verdict> {
  const { stage, before } = told;
  const findings = await examine(told);
  await operator();
  const survivors = await stage.memory();
  if (!survivors) await stage.restartGuest();
  const again = await migrateAgain(stage);
  const memory = survivors ? wordsFor(before.memory, survivors, again.memory) : 'gone';
  const verdict = { ...findings, memory, again: again.outcome, twice: stage.violations };
  const broken = brokenLaws(verdict, misfortune);
  if (broken.length > 0) throw new SafetyError(broken);
  return verdict;
}

/** What must never be, whatever a test is about; what else it expects, and the words, it compares itself. */
export function brokenLaws(verdict: Omit<Verdict, 'again' | 'leftOver'>, misfortune: Misfortune): string[] {
  const { twice, copies, memory } = verdict;
  const { outcome } = verdict.told;
  const meddled = misfortune === 'an outsider resumes a copy';
  const running = copies.filter((copy) => copy.endsWith(': running'));
  const mayCount = misfortune === 'the guest starts over' || ['proven', 'gone', 'not read'].includes(memory);
  return [
    ...(meddled ? [] : twice),
    ...(meddled || running.length < 2 ? [] : [`${running.length} copies run`]),
    ...verdict.contradictions,
    ...(mayCount ? [] : [`the memory: ${memory}`]),
    ...(outcome === 'lost' && misfortune !== 'the guest is lost' ? ['the guest was lost'] : []),
  ];
}

/** The checks that remain where nothing was begun and so nothing is written: 1, 2, 4, 5 and 7. */
export async function nothingHappened(
  stage: Stage,
  before: Before,
): Promise<Pick<Verdict, 'twice' | 'copies' | 'again' | 'leftOver' | 'memory'>> {
  const [only] = before.copies;
  const looks = await Promise.all(stage.copies().map(lookAt));
  const leftOver = difference(before.belongings, await stage.belongings());
  const again = await migrateAgain(stage);
  return {
    twice: stage.violations,
    copies: looks.map(({ copy, run }) => `${copy.pid === only?.pid ? 'source' : 'stranger'}: ${run}`),
    again: again.outcome,
    leftOver,
    memory: wordsFor(before.memory, again.memory),
  };
}

/** A copy that lacks pages for good cannot even be stopped while a processor of it waits for one. */
function isReadable(outcome: Outcome | undefined, looks: readonly Look[]): boolean {
  return looks.length === 1 && outcome !== 'lost';
}

async function migrateAgain(stage: Stage): Promise<{ readonly outcome: Outcome; readonly memory: Memory | undefined }> {
  const story = await stage.begin();
  const { outcome } = await story.end();
  if (outcome !== 'done-on-destination') stage.distrust();
  return { outcome, memory: await stage.memory() };
}

/** `proven` when each was, and the guest's count never went back from one to the next. */
function wordsFor(...memories: readonly (Memory | undefined)[]): string {
  let steps = 0;
  for (const each of memories) {
    if (!each) return 'the guest is nowhere';
    if (!each.proven) return each.reason;
    if (each.steps < steps) return `the guest's count went back from ${steps} to ${each.steps}`;
    steps = each.steps;
  }
  return 'proven';
}

function contradictions(events: readonly JournalEvent[], plan: Plan, looks: readonly Look[]): readonly string[] {
  const started = events.flatMap((event) => (event.kind === 'done' ? (event.started ?? []) : [])).at(-1);
  const sides = { source: plan.guest.identity, destination: started?.identity };
  return (['source', 'destination'] as const).flatMap((side) => {
    const observation = lastObservation(events, side);
    const identity = sides[side];
    if (!observation || !identity) return [];
    const found = looks.find(({ copy }) => copy.pid === identity.pid && isAlive(identity));
    const [written, fresh] = [wordFor(observation), found ? `${found.run}, ${found.migration}` : 'gone'];
    return written === fresh ? [] : [`${side}: the journal says ${written}, a fresh look ${fresh}`];
  });
}

function wordFor(observation: Observation): string {
  return observation.kind === 'answering' ? `${observation.run}, ${observation.migration}` : observation.kind;
}

function lastObservation(events: readonly JournalEvent[], side: 'source' | 'destination'): Observation | undefined {
  const last = events.findLast((event) => event.kind === 'observed' && event.side === side);
  return last?.kind === 'observed' ? last.observation : undefined;
}

async function eventsOf(stage: Stage, id: string): Promise<readonly JournalEvent[]> {
  const { entries } = await readMigrationWithoutSamples(stage.premises.state, id);
  return entries.map(({ event }) => event);
}

function planOf([first]: readonly JournalEvent[]): Plan {
  if (first?.kind !== 'planned') throw new Error('the journal does not begin with its plan');
  return first.plan;
}
