import { formatBytes } from '#contract/units.ts';
import { nilUuid, severityOf, type Question, type WaitingAnswer, type WaitingFacts } from './preflight-facts.ts';

/** What must be true of a QEMU that an operator has started before it may become the guest. */
export const waitingQuestions: Readonly<Record<string, Question>> = {
  'waiting-state': ({ waiting }) => {
    if (!waiting) return undefined;
    const { answer, guest } = waiting;
    if ('unreadable' in answer) {
      return { text: answer.unreadable, remedy: 'Close the program that holds the monitor, then try again.' };
    }
    if (answer.run !== 'inmigrate') {
      return {
        text: `${guest.name} on ${guest.hostId} is ${answer.run} and does not wait for a migration any more.`,
        remedy: 'Start it again with `-incoming defer`.',
      };
    }
    return answer.migration === 'none' || answer.migration === 'setup'
      ? { holds: `${guest.name} on ${guest.hostId} waits for a migration (process ${guest.identity.pid}).` }
      : {
          text: `A migration into ${guest.name} on ${guest.hostId} is under way already (${answer.migration}).`,
          remedy: 'Wait for it to end, or start another QEMU with `-incoming defer`.',
        };
  },

  'waiting-address': ({ waiting }) => {
    if (!waiting) return undefined;
    if (waiting.addressProblem) return waiting.addressProblem;
    const answer = answerOf(waiting);
    if (!answer) return undefined;
    if (waiting.listens === answer.listens) {
      return {
        holds: waiting.listens
          ? `It listens already: ${waiting.guest.incoming ?? ''}.`
          : 'Switchyard will set the address that it listens on.',
      };
    }
    return waiting.listens
      ? {
          text: 'It was started with an address and does not listen on it.',
          remedy: 'Look into its output, and start it again.',
        }
      : {
          text: 'It already listens on an address that was set outside Switchyard.',
          remedy: 'Start it again with `-incoming defer`.',
        };
  },

  'waiting-mptcp': ({ waiting, listener, settings }) => {
    if (!waiting?.listens || waiting.addressProblem || settings.mptcp === 'off') return undefined;
    return listener?.mptcp === true
      ? { holds: 'It listens with MPTCP.' }
      : {
          severity: severityOf(settings),
          text: `It listens without MPTCP (${waiting.guest.incoming ?? ''}), so the connection will be plain TCP.`,
          remedy: 'Start it again with `,mptcp=on` after its address, or with `-incoming defer`.',
        };
  },

  'waiting-guest': ({ guest, waiting }) => {
    if (!waiting) return undefined;
    const [wanted, has] = [guest.identity.uuid, waiting.guest.identity.uuid];
    if (wanted === has) return { holds: 'It has the uuid of the guest.' };
    const names = `${has === nilUuid ? 'no uuid' : `the uuid ${has}`}, ${guest.name} has ${wanted === nilUuid ? 'none' : wanted}`;
    return has === nilUuid || wanted === nilUuid
      ? {
          severity: 'warning',
          text: `The waiting QEMU has ${names}: the guest will be known by another uuid after the move.`,
          remedy: 'Start it with `-uuid` and the uuid of the guest.',
        }
      : {
          text: `The waiting QEMU has ${names}: it was started for another guest.`,
          remedy: 'Name the right one, or start it with the uuid of the guest.',
        };
  },

  'waiting-hardware': ({ guest, waiting }) => {
    const answer = waiting && answerOf(waiting);
    if (!answer) return undefined;
    const { hardware, guestHardware } = answer;
    const differences = [
      hardware.machine === guestHardware.machine
        ? undefined
        : `machine ${hardware.machine} instead of ${guestHardware.machine}`,
      hardware.memoryBytes === guestHardware.memoryBytes
        ? undefined
        : `${formatBytes(hardware.memoryBytes)} of memory instead of ${formatBytes(guestHardware.memoryBytes)}`,
    ].filter((difference) => difference !== undefined);
    return differences.length === 0
      ? { holds: `Both are ${guestHardware.machine} with ${formatBytes(guestHardware.memoryBytes)}.` }
      : {
          text: `The waiting QEMU has ${differences.join(' and ')}.`,
          remedy: `Start it with the command line of ${guest.name}, and \`-incoming defer\`.`,
        };
  },
};

function answerOf({ answer }: WaitingFacts): WaitingAnswer | undefined {
  return 'unreadable' in answer ? undefined : answer;
}
