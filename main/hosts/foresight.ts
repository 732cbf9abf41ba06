import { readFileSync } from 'node:fs';
import { SwitchyardError } from '#contract/errors.ts';
import type { Guest } from '#contract/host.ts';
import { nameOfUser } from '#contract/user-name.ts';
import type { TwinForesight } from '#main/engine/ports.ts';
import { carriedEnvironment, changesProgram } from './authority/environment.ts';
import { ourselves, userOf, type Ourselves } from './authority/ourselves.ts';
import { mayPass, stepsAlong } from './authority/path-steps.ts';
import { rightsOf, type Rights } from './authority/rights.ts';
import { parseCommandLine, has } from './command-line/command-line.ts';
import { emulatedTpm } from './command-line/emulated-tpm.ts';
import { laterUser } from './command-line/own-user.ts';
import { unrepeatable } from './command-line/unrepeatable.ts';
import { sourceOf, whyNotAsUser, type DestinationPlace } from './destination.ts';
import { chooseProgram, type ChosenProgram } from './launch.ts';
import { readEnvironment, type ProcessRecord } from './process/process-table.ts';
import { startingFolder } from './process/starting-folder.ts';
import { parentFor } from './runtime-folder.ts';
import { planTpm } from './swtpm/swtpm.ts';
import { startingPoint } from './starting-point.ts';

const nothing: TwinForesight = {
  user: undefined,
  program: undefined,
  programObjection: undefined,
  variablesLeftOut: [],
  variablesThatMatter: [],
  unlike: [],
  problems: [],
};

/** What starting this guest's twin would mean, by the same rules as starting it. Changes nothing. */
export function foreseeDestination(place: DestinationPlace, guest: Guest): TwinForesight {
  // The check of the process itself says so.
  if (guest.obstacle) return nothing;
  const problems: { text: string; remedy: string }[] = [];
  const attempt = <Value>(work: () => Value): Value | undefined => {
    try {
      return work();
    } catch (thrown) {
      if (!(thrown instanceof SwitchyardError)) throw thrown;
      problems.push({ text: thrown.failure.text, remedy: thrown.failure.remedy });
      return undefined;
    }
  };
  const we = ourselves();
  const found = attempt(() => sourceOf(guest, place.hostId));
  if (!found) return { ...nothing, problems };
  const source = found.process;
  const rights = rightsOf(source.credentials);
  const commandLine = parseCommandLine(found.argv);
  const unrepeated = found.unreadable ?? unrepeatable(commandLine)?.failure;
  if (unrepeated) problems.push({ text: unrepeated.text, remedy: unrepeated.remedy });
  const refusal = whyNotAsUser({ laterUser: laterUser(commandLine) }, rights.uid);
  if (refusal) problems.push(refusal);
  attempt(() => parentFor(place.runtimeDirectory, rights, we));
  const tpm = emulatedTpm(commandLine);
  if (tpm) attempt(() => planTpm(tpm, startingFolder(source), we, place.hostId));
  const chosen = attempt(() => chooseProgram(source, we, place.hostId));
  problems.push(...whyNotExecuted(chosen, rights));
  const { leftOut } = carriedEnvironment(readEnvironment(source.pid) ?? {});
  return {
    user: userOf(rights.uid),
    program: chosen?.program,
    programObjection: chosen?.insteadOf,
    variablesLeftOut: leftOut,
    variablesThatMatter: leftOut.filter(changesProgram),
    unlike: unlikeness(source, has(commandLine, 'sandbox'), rights, we),
    start: startingPoint(),
    problems,
  };
}

function whyNotExecuted(chosen: ChosenProgram | undefined, rights: Rights): { text: string; remedy: string }[] {
  const program = chosen?.program;
  if (program === undefined || rights.uid === 0) return [];
  const closed = stepsAlong(program).find((step) => step.kind !== 'link' && !mayPass(step, rights));
  if (!closed) return [];
  return [
    {
      text: `The twin runs as ${nameOfUser(userOf(rights.uid))}, who may not execute ${program}: ${closed.path} is closed to that user.`,
      remedy: 'Let that user pass, or install QEMU where every user may execute it.',
    },
  ];
}

/** The source may be limited by what started it, which nothing in its command line says. */
function unlikeness(source: ProcessRecord, hasSandbox: boolean, rights: Rights, { credentials }: Ourselves): string[] {
  const { permitted, isFiltered } = source.credentials;
  const [label, own] = [securityLabel(source.pid), securityLabel('self')];
  const isFilteredByUs = credentials?.isFiltered === true || hasSandbox;
  return [
    ...(isFiltered && !isFilteredByUs
      ? ['A seccomp filter limits QEMU of this guest, and does not limit its twin.']
      : []),
    ...(label === own
      ? []
      : [`QEMU of this guest is confined as ${label ?? 'nothing'}, and its twin as ${own ?? 'nothing'}.`]),
    ...(rights.uid !== 0 && permitted !== 0n
      ? ['QEMU of this guest has capabilities that its twin gets only where its program file gives them.']
      : []),
  ];
}

/** AppArmor's profile or SELinux' label; `undefined` where the kernel has neither. */
function securityLabel(pid: number | 'self'): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/attr/current`, 'utf8')
      .replaceAll(/[^\x20-\x7e]/g, '')
      .trim();
    return text === '' ? undefined : text.slice(0, 100);
  } catch {
    return undefined;
  }
}
