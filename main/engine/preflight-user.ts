import type { Guest } from '#contract/host.ts';
import { nameOfUser } from '#contract/user-name.ts';
import type { Question } from './preflight-facts.ts';

const mostNames = 12;

/** Whose processes these are, and what that means for the twin. */
export const userQuestions: Readonly<Record<string, Question>> = {
  'guest-process': ({ guest }) => {
    if (guest.obstacle) return guest.obstacle;
    return guest.user ? { holds: `QEMU of ${guest.name} runs as ${nameOfUser(guest.user)}.` } : undefined;
  },

  'twin-user': ({ twin }) => {
    if (!twin) return undefined;
    const problem = twin.problems[0];
    if (problem) return problem;
    return twin.user ? { holds: `The twin runs as ${nameOfUser(twin.user)}: ${twin.program ?? ''}.` } : undefined;
  },

  'twin-program': ({ twin }) => {
    if (!twin?.program || twin.programObjection === undefined) return undefined;
    return {
      text: `The program that QEMU of this guest executes is not started, because others could replace it: ${twin.programObjection}. The twin would execute ${twin.program}.`,
      remedy:
        'Install that QEMU in folders that only root can write, or accept the other program with --accept twin-program.',
      acceptable: true,
    };
  },

  'twin-environment': ({ twin }) => {
    if (!twin || twin.variablesLeftOut.length === 0) return undefined;
    const { variablesLeftOut: names, variablesThatMatter: matter } = twin;
    if (matter.length === 0) return { holds: `The twin does not get these variables of its source: ${listOf(names)}.` };
    return {
      severity: 'warning',
      text: `The twin does not get these variables, which change how QEMU runs: ${listOf(matter)}.`,
      remedy: 'Put what the guest needs of them into options of QEMU before it is moved.',
    };
  },

  'twin-confinement': ({ twin }) => {
    if (!twin || twin.unlike.length === 0) return undefined;
    return {
      severity: 'warning',
      text: twin.unlike.join(' '),
      remedy: 'Limit QEMU by its own options (-sandbox), which its twin repeats, where that matters.',
    };
  },

  'waiting-user': ({ guest, waiting }) => {
    const [own, other] = [guest.user, waiting?.guest.user];
    if (!waiting || !own || !other) return undefined;
    if (own.uid === other.uid) return { holds: `Both QEMUs run as ${nameOfUser(own)}.` };
    return {
      text: `${waiting.guest.name} (process ${waiting.guest.identity.pid}) runs as ${nameOfUser(other)}, and QEMU of ${guest.name} as ${nameOfUser(own)}: that user will have the memory of the guest.`,
      remedy: `Start the waiting QEMU as ${nameOfUser(own)}, or accept this with --accept waiting-user.`,
      acceptable: true,
    };
  },
};

/**
 * Whether a process with the uuid of a guest may be a copy of it. Any user can start a process with any uuid; one of
 * another ordinary user is no reason to refuse a move, only to say so.
 */
export function mayBeCopy(other: Guest, guest: Guest): boolean {
  const [uid, own] = [other.user?.uid, guest.user?.uid];
  return uid === undefined || own === undefined || uid === own || uid === 0;
}

/** Any process may choose the names of its variables, so no more is quoted than a name should be. */
function listOf(names: readonly string[]): string {
  const shown = names.filter((name) => /^\w{1,60}$/.test(name)).slice(0, mostNames);
  const others = names.length - shown.length;
  return others === 0 ? shown.join(', ') : [...shown, `${others} more`].join(', ');
}
