import type { HostFacts } from '#contract/host.ts';
import { speedOfPaths } from '#contract/path-speed.ts';
import type { LeftOutReason, Path } from '#contract/migration.ts';
import { typedOn } from '#contract/mptcp-commands.ts';
import type { PathChoice } from '#contract/path-choice.ts';
import { formatBitsPerSecond } from '#contract/units.ts';
import { isWildcard, type PreflightFacts, type Question } from './preflight-facts.ts';

/** Reasons that are as they should be: nothing is missed, and nothing is to be done. */
const ordinary: ReadonlySet<LeftOutReason> = new Set([
  'port-of-another',
  'tunnel',
  'leads-nowhere',
  'bridge-without-port',
  'no-address',
  'shared-port',
  'local-to-source',
  'local-to-destination',
  'no-counterpart',
  'not-listened-to',
  'interface-down',
  'excluded-by-operator',
  // The check of the endpoints has them.
  'foreign-endpoint',
]);
/** Of sentences in one check; `--json` has all of them. */
const mostSentences = 4;

/** Which interface pairs carry the migration, and what keeps others from it. */
export const pathQuestions: Readonly<Record<string, Question>> = {
  paths: ({ paths, leftOut = [], unmetChoice = [], source, destination }) => {
    if (paths.length === 0 && leftOut.some(({ reason }) => reason === 'excluded-by-operator')) {
      return {
        text: `The choice of paths leaves none between ${source.id} and ${destination.id}. ${[...unmetChoice, sentencesOf(leftOut.filter(({ reason }) => reason === 'excluded-by-operator'))].join(' ')}`,
        remedy: 'Choose other paths with --paths and --without-path, or omit both options.',
      };
    }
    if (paths.length === 0) {
      const why = sentencesOf(leftOut.filter(({ reason }) => !ordinary.has(reason) || reason === 'interface-down'));
      return {
        text: `No interface of ${source.id} reaches one of ${destination.id} by routes that both kernels confirm.${why === '' ? '' : ` ${why}`}`,
        remedy: 'Give both hosts an address on a common network, with the link up.',
      };
    }
    const speed = speedOfPaths(paths);
    const sum = speed === undefined ? '' : `, ${formatBitsPerSecond(speed)}`;
    const slow = paths.filter(({ backup }) => backup).map(backupSentence);
    return { holds: [`${paths.length === 1 ? '1 path' : `${paths.length} paths`}${sum}.`, ...slow].join(' ') };
  },

  'first-path': ({ firstObstacle, source, listener, paths: [first] }) => {
    // The check of the listener's address says which ones there are.
    const isElsewhere = listener && first && !isWildcard(listener) && first.destinationAddress !== listener.host;
    if (!firstObstacle || isElsewhere) return undefined;
    return {
      text: firstObstacle.text,
      remedy: firstObstacle.remedy,
      ...(firstObstacle.command === undefined ? {} : { command: typedOn(source, firstObstacle.command) }),
    };
  },

  'path-choice': ({ settings: { pathChoice }, unmetChoice = [], paths }) => {
    if (!pathChoice || paths.length === 0) return undefined;
    return unmetChoice.length === 0
      ? { holds: `The paths are chosen: ${inWords(pathChoice)}.` }
      : {
          severity: 'warning',
          text: unmetChoice.join(' '),
          remedy: 'The migration does not use them: change the choice, or fix what prevents their use.',
        };
  },

  'paths-left-out': (facts) => {
    const { leftOut = [], paths } = facts;
    if (leftOut.length === 0 || paths.length === 0) return undefined;
    const missed = leftOut.filter(({ reason }) => !ordinary.has(reason));
    if (missed.length === 0) return { holds: `Not used: ${sentencesOf(leftOut)}` };
    const command = commandsOf(missed, facts);
    return {
      severity: 'warning',
      text: sentencesOf(missed),
      remedy: 'The migration does not use them. `switchyard preflight --json` lists every pair with its reason.',
      ...(command === '' ? {} : { command }),
    };
  },

  mtu: ({ paths, source, destination }) => {
    const uneven = paths.find((path) => {
      const ends = [
        source.interfaces.find(({ name }) => name === path.sourceInterface),
        destination.interfaces.find(({ name }) => name === path.destinationInterface),
      ];
      return ends[0]?.mtu !== ends[1]?.mtu;
    });
    if (paths.length === 0) return undefined;
    return uneven
      ? {
          severity: 'warning',
          text: `The two ends of ${uneven.sourceInterface} to ${uneven.destinationInterface} have different MTUs.`,
          remedy: 'Set both to the same value: full packets of the larger side may be lost without an error.',
        }
      : { holds: 'The two ends of every path have the same MTU; what lies between them was not checked.' };
  },

  'mptcp-path-manager': ({ settings, paths, source, destination }) => {
    if (settings.mptcp === 'off' || paths.length < 2) return undefined;
    const host = [source, destination].find(isManagedElsewhere);
    return (
      host && {
        severity: 'warning',
        text: `${host.id} has a path manager in user space (path_manager is userspace): the endpoints and limits of this migration have no effect there, and it uses one path unless that program opens others.`,
        remedy: 'Switch to the path manager of the kernel, or configure the program (mptcpd) to use these addresses.',
        command: typedOn(
          host,
          'mptcp/path_manager' in host.mptcp.sysctls
            ? 'sysctl -w net.mptcp.path_manager=kernel'
            : 'sysctl -w net.mptcp.pm_type=0',
        ),
      }
    );
  },

  'mptcp-joins': ({ settings, paths, source, destination }) => {
    if (settings.mptcp === 'off' || paths.length < 2) return undefined;
    if (destination.mptcp.sysctls['mptcp/allow_join_initial_addr_port'] !== '0') return undefined;
    const joins = source.mptcp.endpoints.some(({ flags }) => flags.includes('subflow') || flags.includes('fullmesh'));
    const text = `${destination.id} accepts no further subflows at the address where the connection begins (allow_join_initial_addr_port is 0)`;
    return joins
      ? {
          severity: 'warning',
          text: `${text}, and endpoints of ${source.id} would open some there.`,
          remedy: 'Set it to 1 to use them.',
          command: typedOn(destination, 'sysctl -w net.mptcp.allow_join_initial_addr_port=1'),
        }
      : { holds: `${text}; those of the other paths go to addresses of their own.` };
  },

  'mptcp-memory': ({ settings, source }) => {
    if (settings.mptcp === 'off') return undefined;
    const { counters, sysctls } = source.mptcp;
    const [given, skipped] = [counters['Blackhole'] ?? 0, counters['MPCapableSYNTXDisabled'] ?? 0];
    const timeout = sysctls['mptcp/blackhole_timeout'];
    if ((given === 0 && skipped === 0) || timeout === undefined || timeout === '0') return undefined;
    return {
      severity: 'warning',
      text: `So far ${source.id} has stopped offering MPTCP for a while ${timesOf(given)}, because offers went unanswered, and has connected without an offer ${timesOf(skipped)} (Blackhole, MPCapableSYNTXDisabled). The kernel does not show whether it does so now.`,
      remedy:
        'If the migration turns out to be plain TCP, look for what drops TCP option 30. Setting the timeout again makes the kernel forget.',
      command: typedOn(source, `sysctl -w net.mptcp.blackhole_timeout=${timeout}`),
    };
  },
};

/** A program, such as mptcpd, decides about subflows, and not the kernel by its endpoints. */
export function isManagedElsewhere({ mptcp: { sysctls } }: Pick<HostFacts, 'mptcp'>): boolean {
  return sysctls['mptcp/path_manager'] === 'userspace' || sysctls['mptcp/pm_type'] === '1';
}

/** As it is typed. */
function inWords({ only, without, first }: PathChoice): string {
  const parts = [
    ...(only ? [`--paths ${only.join(',')}`] : []),
    ...(without ? [`--without-path ${without.join(',')}`] : []),
    ...(first === undefined ? [] : [`--first-path ${first}`]),
  ];
  return parts.join(' ');
}

function sentencesOf(leftOut: readonly { readonly text: string }[]): string {
  const shown = leftOut.slice(0, mostSentences).map(({ text }) => text);
  const rest = leftOut.length - shown.length;
  return [...shown, ...(rest > 0 ? [`${rest} more.`] : [])].join(' ');
}

/** One host's commands in one text, as the check of the endpoints has them. */
function commandsOf(
  leftOut: NonNullable<PreflightFacts['leftOut']>,
  { source, destination }: Pick<PreflightFacts, 'source' | 'destination'>,
): string {
  const lines = leftOut.flatMap(({ command, commandSide }) => {
    if (command === undefined || commandSide === undefined) return [];
    return [`${typedOn(commandSide === 'source' ? source : destination, command)}  # on the ${commandSide}`];
  });
  return [...new Set(lines)].slice(0, mostSentences).join('\n');
}

function timesOf(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function backupSentence({ sourceInterface, destinationInterface }: Path): string {
  return `${sourceInterface} to ${destinationInterface} is a backup: it is so much slower than the fastest path that using both would slow the migration down.`;
}
