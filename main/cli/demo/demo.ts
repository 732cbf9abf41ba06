import { SwitchyardError, type Failure } from '#contract/errors.ts';
import { defaultSettings, type MigrationRecord, type MptcpPolicy } from '#contract/migration.ts';
import { formatBitsPerSecond, formatBytes } from '#contract/units.ts';
import type { LabStatus } from '#lab/lab.ts';
import type { ApplicationPort, Context, LabPort } from '#main/cli/context.ts';
import type { MigrationView } from '#main/cli/drive.ts';
import { accompany } from '#main/cli/look-after.ts';
import { checkLines } from '#main/cli/view/checks.ts';
import type { Signals } from '#main/cli/signals.ts';
import { resultLines } from '#main/cli/view/result.ts';
import { compare, type Comparison, type Memory, type Move } from './comparison.ts';
import { listenForGuest } from './listen-for-guest.ts';

export interface DemoOptions {
  /** One line at each step. */
  readonly say: (text: string) => void;
  readonly view: () => MigrationView;
}

export type DemoEnd =
  | { readonly kind: 'compared'; readonly lab: LabStatus; readonly comparison: Comparison }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'interrupted' };

const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Thrown by a step that cannot be gone on from. */
class Stopped extends Error {
  readonly end: DemoEnd;

  constructor(end: DemoEnd) {
    super(end.kind);
    this.end = end;
  }
}

/**
 * Makes a lab, moves its guest over one link by TCP and back over all by Multipath TCP, proves its memory after each, and
 * removes the lab again, whatever happens meanwhile: Ctrl-C takes effect after the step at hand.
 */
export async function runDemo(context: Context, options: DemoOptions): Promise<DemoEnd> {
  let interrupted = false;
  const stop = (): void => {
    if (!interrupted) options.say('Stopping; the lab is removed first.');
    interrupted = true;
  };
  const undo = endingSignals.map((signal) => context.signals.on(signal, stop));
  const proceed = (): void => {
    if (interrupted) throw new Stopped({ kind: 'interrupted' });
  };
  const lab = await context.lab();
  let made: LabStatus | undefined;
  try {
    made = await makeLab(lab, options.say);
    proceed();
    const stage: Stage = { context, options, lab, name: made.name, application: await context.application(), proceed };
    const [here, there] = hostsOf(made);
    const tcp = await move(stage, { from: here, to: there, mptcp: 'off' });
    const mptcp = await move(stage, { from: there, to: here, mptcp: 'require' });
    return { kind: 'compared', lab: made, comparison: compare(tcp, mptcp) };
  } catch (thrown) {
    if (thrown instanceof Stopped) return thrown.end;
    // Ctrl-C reaches the programs that were just making a link or a host, too: their failure is what was asked for.
    if (interrupted) return { kind: 'interrupted' };
    throw thrown;
  } finally {
    if (made) await removeLab(lab, made.name, options.say);
    for (const each of undo) each();
  }
}

const mostNames = 9;

/** The first free name: another demo may run, or one that was killed may have left its lab. */
async function makeLab(lab: LabPort, say: (text: string) => void): Promise<LabStatus> {
  say('Making a lab: two hosts, two shaped links between them, and a guest that keeps writing to its memory.');
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? 'demo' : `demo-${number}`;
    try {
      const made = await lab.labUp({ name });
      say(describeLab(made));
      return made;
    } catch (thrown) {
      if (!isNameTaken(thrown) || number >= mostNames) throw thrown;
      say(`${thrown.failure.text} Trying the next name.`);
    }
  }
}

const removals = 3;

/** An impatient Ctrl-C ends the programs that remove it: they are started again. */
async function removeLab(lab: LabPort, name: string, say: (text: string) => void): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      say('Removing the lab.');
      await lab.labDown(name);
      return;
    } catch (thrown) {
      if (attempt >= removals) {
        say(`The lab could not be removed: type \`switchyard lab down --name ${name}\`.`);
        throw thrown;
      }
    }
  }
}

function isNameTaken(thrown: unknown): thrown is SwitchyardError & { readonly failure: Failure } {
  return (
    thrown instanceof SwitchyardError && thrown.failure.kind === 'invalid-request' && thrown.failure.path === 'name'
  );
}

function describeLab({ name, links, guest }: LabStatus): string {
  const rates = links.map(({ rateBitsPerSecond }) => formatBitsPerSecond(rateBitsPerSecond)).join(' and ');
  const memory = guest?.memoryBytes === undefined ? '' : ` of ${formatBytes(guest.memoryBytes)}`;
  const walk = guest?.walk === undefined ? '' : `, which writes to ${formatBytes(guest.walk.bytes)} of it for ever`;
  return `Lab ${name}: links of ${rates}, a guest${memory}${walk}.`;
}

function hostsOf({ name, hosts }: LabStatus): [string, string] {
  const [source, destination] = hosts;
  if (!source || !destination) throw new Error(`the lab ${name} has ${hosts.length} hosts instead of two`);
  return [source.id, destination.id];
}

interface Stage {
  readonly context: Context;
  readonly options: DemoOptions;
  readonly lab: LabPort;
  readonly name: string;
  readonly application: ApplicationPort;
  /** Throws when the operator has had enough. */
  readonly proceed: () => void;
}

interface Order {
  readonly from: string;
  readonly to: string;
  readonly mptcp: MptcpPolicy;
}

async function move(stage: Stage, order: Order): Promise<Move> {
  const { options, lab, name, application, context, proceed } = stage;
  const { from, to, mptcp } = order;
  options.say(
    mptcp === 'off'
      ? `Moving the guest from ${from} to ${to} over one link, by TCP.`
      : `Moving it back from ${from} to ${to} over both links, by Multipath TCP.`,
  );
  const { guest } = await lab.labStatus(name);
  await using ear = await listenForGuest(lab, guest);
  const started = await application.start({
    guest: guest?.name ?? `${name}-guest`,
    from,
    to,
    settings: { ...defaultSettings, mptcp },
  });
  if (started.kind === 'refused') throw new Stopped({ kind: 'refused', why: checkLines(started.refusals) });
  const signals = cancelling(context.signals);
  await accompany({ ...context, signals }, started.migration, ear.heard(options.view()));
  const record = await application.record(started.migration.id);
  const silenceMs = await ear.silenceMs(context.clock);
  proceed();
  if (record.outcome !== 'done-on-destination') throw new Stopped({ kind: 'failed', why: resultLines(record) });
  const memory = await proveMemory(stage);
  proceed();
  return { record, silenceMs, memory };
}

/** A guest that goes away with its lab is never left migrating: a request to end the demo cancels the move, once. */
function cancelling(signals: Signals): Signals {
  return {
    on: (signal, listener) => {
      if (signal !== 'SIGINT') return () => undefined;
      let cancelled = false;
      const cancel = (): void => {
        if (!cancelled) listener();
        cancelled = true;
      };
      const undo = endingSignals.map((each) => signals.on(each, cancel));
      return () => {
        for (const each of undo) each();
      };
    },
  };
}

async function proveMemory({ options, lab, name }: Stage): Promise<Memory> {
  options.say('Proving its memory, every page of it.');
  const proof = await lab.labVerify(name);
  return proof.proven ? { proven: true, steps: proof.steps } : { proven: false, reason: proof.reason };
}

/** What a program reads of the demo: both moves, without the samples that `show` has. */
export function demoDocument(lab: LabStatus, comparison: Comparison) {
  return {
    schema: 'switchyard.demo/1',
    links: lab.links.map(({ rateBitsPerSecond }) => ({ rateBitsPerSecond })),
    guestMemoryBytes: lab.guest?.memoryBytes,
    ...comparison,
  };
}

export function recordLines(records: readonly MigrationRecord['id'][]): string {
  return ['Their records, with every sample:', ...records.map((id) => `  switchyard show ${id}`)].join('\n');
}
