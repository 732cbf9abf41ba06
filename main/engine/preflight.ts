import type { Check, MigrationSettings, Side } from '#contract/migration.ts';
import { typedOn } from '#contract/mptcp-commands.ts';
import { formatBytes } from '#contract/units.ts';
import { nameOfUser } from '#contract/user-name.ts';
import { connectionQuestions } from './preflight-connection.ts';
import {
  nilUuid,
  severityOf,
  type OpenMigrationFacts,
  type PathPreparation,
  type PreflightFacts,
  type Question,
  type Verdict,
} from './preflight-facts.ts';
import { likenessQuestions, memoryBlocksOf, memoryOf, processQuestions } from './preflight-likeness.ts';
import { pathQuestions } from './preflight-paths.ts';
import { mayBeCopy, userQuestions } from './preflight-user.ts';
import { probeQuestions } from './preflight-probe.ts';
import { tapQuestions } from './preflight-taps.ts';
import { waitingQuestions } from './preflight-waiting.ts';

export type { PreflightFacts } from './preflight-facts.ts';

const minimumStaleLossCount = 3;
const kibibytes256 = 256 * 1024;

const questions: Readonly<Record<string, Question>> = {
  'two-hosts': ({ source, destination }) =>
    source.id === destination.id
      ? { text: 'Source and destination are the same host.', remedy: 'Choose another destination.' }
      : { holds: `From ${source.id} to ${destination.id}.` },

  monitor: ({ guest, guestRun, openMigrations }) => {
    // Its manager holds the monitor, and must not be closed for that.
    if (openMigrations.some(({ same, managed }) => same === 'process' && managed)) return undefined;
    // The check of the process itself says what is to be done.
    if (guest.obstacle) return undefined;
    if (guest.monitorPath === undefined) {
      return {
        text: `${guest.name} has no QMP socket that Switchyard can use.`,
        remedy: 'Start the guest with `-qmp unix:PATH,server=on,wait=off`.',
      };
    }
    if ('unreadable' in guestRun)
      return { text: guestRun.unreadable, remedy: guestRun.remedy ?? 'See `switchyard guests` for its monitor.' };
    const { run, heldMonitorPath } = guestRun;
    if (heldMonitorPath === undefined) return { holds: `The monitor of ${guest.name} answers: ${run}.` };
    return {
      holds: `The monitor ${guest.monitorPath} of ${guest.name} answers: ${run}. Another program holds the first, ${heldMonitorPath}.`,
    };
  },

  'guest-state': ({ guest, guestRun, destination }) => {
    if ('unreadable' in guestRun) return undefined;
    const holds = movable[guestRun.run]?.(destination.id);
    if (holds !== undefined) return { holds };
    return {
      text: `${guest.name} is in state ${guestRun.run}, which cannot be migrated.`,
      remedy: 'Only a running or a paused guest can be moved; look at it with `switchyard guests`.',
    };
  },

  'open-migration': ({ guest, guestRun, openMigrations }) => {
    const its = openMigrations.find(({ same }) => same === 'process');
    if (its) return alreadyMigrating(guest.name, its);
    if ('run' in guestRun && underWay.has(guestRun.migration)) {
      return {
        text: `${guest.name} is being migrated by another program: its QEMU reports ${guestRun.migration}, and no journal here knows of it.`,
        remedy: 'Wait until it has ended, or cancel it with the program that began it.',
      };
    }
    const [namesake] = openMigrations;
    return namesake
      ? {
          severity: 'warning',
          text: `Migration ${namesake.migrationId} of a guest with this uuid has not ended; it was begun with another process.`,
          remedy: `Close it with \`switchyard watch ${namesake.migrationId}\`.`,
        }
      : { holds: `No other migration of ${guest.name} is open.` };
  },

  'same-guest': ({ guest, destination, destinationGuests, waiting }) => {
    const { uuid } = guest.identity;
    const others = destinationGuests.filter(({ identity }) => identity.pid !== waiting?.guest.identity.pid);
    const namesakes = uuid === nilUuid ? [] : others.filter(({ identity }) => identity.uuid === uuid);
    const twin = namesakes.find((other) => mayBeCopy(other, guest));
    const [stranger] = namesakes;
    if (!twin && stranger?.user) {
      return {
        severity: 'warning',
        text: `A process of ${nameOfUser(stranger.user)} on ${destination.id} shows this guest's uuid (pid ${stranger.identity.pid}). It is not taken for a copy of the guest.`,
        remedy: 'Ask that user what it is.',
      };
    }
    return twin
      ? {
          text: `${destination.id} already has a QEMU with this guest's uuid (pid ${twin.identity.pid}).`,
          remedy: twin.waiting
            ? `It waits for a migration: use it with --to-waiting ${twin.name}, or end it.`
            : 'Find out which of the two is the guest, and end the other.',
        }
      : { holds: `${destination.id} has no other copy of this guest.` };
  },

  ...userQuestions,

  ...likenessQuestions,

  ...processQuestions,

  ...tapQuestions,

  ...waitingQuestions,

  ...pathQuestions,

  ...probeQuestions,

  ...connectionQuestions,

  'mptcp-kernel': ({ settings, source, destination }) => {
    if (settings.mptcp === 'off') return undefined;
    const without = [source, destination].find((host) => !host.mptcp.usable);
    return without
      ? {
          severity: severityOf(settings),
          text: `The kernel of ${without.id} does not speak MPTCP: ${without.mptcp.reason ?? 'unknown reason'}`,
          remedy: fallBack(settings),
          ...(without.mptcp.remedy === undefined ? {} : { command: without.mptcp.remedy }),
        }
      : { holds: 'Both kernels speak MPTCP.' };
  },

  'mptcp-qemu': ({ settings, source, destination, waiting }) => {
    // A socket that QEMU is handed may be of any kind.
    if (settings.mptcp === 'off' || settings.socket === 'app') return undefined;
    const without = (waiting?.listens ? [source] : [source, destination]).find((host) => host.qemu?.mptcp === false);
    return without
      ? {
          severity: severityOf(settings),
          text: `QEMU ${without.qemu?.version ?? ''} on ${without.id} has no mptcp option.`,
          remedy: `Install QEMU 6.1 or later on ${without.id}. ${fallBack(settings)}`,
        }
      : { holds: 'Both QEMUs know the mptcp option.' };
  },

  'mptcp-paths': ({ settings, paths, preparation, ...hosts }) => {
    if (settings.mptcp === 'off' || paths.length < 2) return undefined;
    const commands = commandsOf(preparation, hosts);
    if (commands === '') return { holds: `Both kernels are set up for ${paths.length} paths.` };
    return settings.preparePaths
      ? { holds: 'MPTCP endpoints and limits are set for this migration, and put back after it.', command: commands }
      : {
          severity: 'warning',
          text: `Without MPTCP endpoints and limits of their own, some of the ${paths.length} paths are not used.`,
          remedy: 'Let Switchyard set them for this migration, or run these commands.',
          command: commands,
        };
  },

  'mptcp-foreign': ({ settings, preparation, ...hosts }) => {
    if (settings.mptcp === 'off' || preparation.warnings.length === 0) return undefined;
    const commands = preparation.warnings.flatMap(({ command, side }) =>
      command === undefined ? [] : [lineFor(side, command, hosts)],
    );
    return {
      severity: 'warning',
      text: preparation.warnings.map(({ sentence }) => sentence).join(' '),
      remedy: 'What is not ours is left alone; change it yourself if it is in the way.',
      ...(commands.length === 0 ? {} : { command: [...new Set(commands)].join('\n') }),
    };
  },

  'mptcp-borrowed': ({ settings, borrowers: [borrower] }) => {
    // A migration that sets its own shares them: they stay until the last one has ended.
    if (settings.mptcp === 'off' || settings.preparePaths || !borrower) return undefined;
    const { guest, migrationId, hosts } = borrower;
    return {
      severity: 'warning',
      text: `The migration of ${guest} (${migrationId}) has set MPTCP endpoints or limits on ${hosts.join(' and ')} and puts them back when it ends: this one may then lose paths.`,
      remedy: 'Let Switchyard set them for this migration as well, or wait until the other one has ended.',
    };
  },

  'mptcp-stale-loss': ({ settings, source }) => {
    const count = source.mptcp.sysctls['mptcp/stale_loss_cnt'];
    if (settings.mptcp === 'off' || count === undefined) return undefined;
    return Number(count) < minimumStaleLossCount
      ? {
          severity: 'warning',
          text: `net.mptcp.stale_loss_cnt is ${count} on ${source.id}: after the loss of one path the others may collapse.`,
          remedy: "Set it back to the kernel's default of 4.",
          command: 'sysctl -w net.mptcp.stale_loss_cnt=4',
        }
      : { holds: 'A lost path will be noticed by the kernel.' };
  },

  qemu: ({ source, destination, waiting }) => {
    if (!destination.qemu) {
      if (waiting) return undefined;
      return {
        text: `${destination.id} has no QEMU that could be started.`,
        remedy: 'Install the package qemu-system-x86 there.',
      };
    }
    const [from, to] = [source.qemu?.version, destination.qemu.version];
    return from !== undefined && compareVersions(to, from) < 0
      ? {
          severity: 'warning',
          text: `QEMU ${to} on ${destination.id} is older than ${from} on ${source.id}.`,
          remedy: 'Moving to an older QEMU often fails; upgrade the destination.',
        }
      : { holds: from === to || from === undefined ? `QEMU ${to} on both sides.` : `QEMU ${from} to ${to}.` };
  },

  memory: (facts) => {
    const { destination } = facts;
    const bytes = memoryOf(facts);
    if (bytes === undefined) return undefined;
    const free = formatBytes(destination.memoryAvailableBytes);
    return destination.memoryAvailableBytes < bytes
      ? {
          text: `The guest needs ${formatBytes(bytes)}, ${destination.id} has ${free} available.`,
          remedy: 'Free memory there, or choose another destination.',
          acceptable: true,
        }
      : { holds: `${destination.id} has ${free} available, the guest needs ${formatBytes(bytes)}.` };
  },

  'tcg-lost-writes': (facts) => {
    const { guest, source } = facts;
    const affected =
      guest.accelerator === 'tcg' && source.qemu !== undefined && compareVersions(source.qemu.version, '9.0.0') < 0;
    const blocks = memoryBlocksOf(facts);
    if (!affected || blocks.length === 0) return undefined;
    const [block] = blocks.filter((bytes) => bytes % kibibytes256 === 0);
    return block === undefined
      ? { holds: "The size of the guest's RAM avoids the lost writes of QEMU before 9.0 under TCG." }
      : {
          text: `QEMU ${source.qemu?.version ?? ''} under TCG loses guest writes while it migrates RAM of ${formatBytes(block)}, a multiple of 256 KiB.`,
          remedy: `Give the guest 8 KiB less (\`-m ${Math.floor(block / 1024) - 8}K\`), or use QEMU 9.0 or later, or KVM.`,
          acceptable: true,
        };
  },
};

/** The readiness grid, in the order in which an operator would look. Only unpassed errors that are not accepted stop a start. */
export function preflight(facts: PreflightFacts): Check[] {
  return Object.entries(questions).flatMap(([id, ask]): Check[] => {
    const answer = ask(facts);
    if (answer === undefined) return [];
    if ('holds' in answer) {
      const { holds: text, command } = answer;
      return [{ id, severity: 'info', passed: true, text, ...(command === undefined ? {} : { command }) }];
    }
    return [{ id, passed: false, ...answer, severity: answer.severity ?? 'error' }];
  });
}

export function refusals(checks: readonly Check[], accepted: readonly string[]): Check[] {
  return checks.filter(
    (check) =>
      !check.passed && check.severity === 'error' && !(check.acceptable === true && accepted.includes(check.id)),
  );
}

/** The run states that QEMU migrates (softmmu/runstate.c, transitions to finish-migrate) and an arrival keeps. */
const movable: Readonly<Record<string, (destination: string) => string>> = {
  running: () => 'The guest runs.',
  paused: (destination) => `The guest is paused and will arrive paused on ${destination}.`,
  prelaunch: (destination) => `The guest was never started (\`-S\`) and will arrive so on ${destination}.`,
};

/** MigrationStatus of a source that has begun and not ended (qapi/migration.json). */
const underWay = new Set([
  'setup',
  'cancelling',
  'active',
  'postcopy-active',
  'postcopy-paused',
  'postcopy-recover',
  'postcopy-recover-setup',
  'pre-switchover',
  'device',
  'wait-unplug',
]);

function alreadyMigrating(name: string, { migrationId, managed, elsewhere = false }: OpenMigrationFacts): Verdict {
  if (elsewhere) {
    return {
      text: `${name} is already migrating (${migrationId}), managed by a Switchyard with another state directory.`,
      remedy: 'Follow it as the same user and with the SWITCHYARD_STATE_DIR that it was started with.',
    };
  }
  return managed
    ? {
        text: `${name} is already migrating (${migrationId}).`,
        remedy: `Follow it with \`switchyard watch ${migrationId}\`.`,
      }
    : {
        text: `Migration ${migrationId} of ${name} has not ended, and no process manages it.`,
        remedy: `Finish it with \`switchyard watch ${migrationId}\`, then migrate again.`,
      };
}

type Hosts = Pick<PreflightFacts, 'source' | 'destination'>;

function lineFor(side: Side, command: string, hosts: Hosts): string {
  return `${typedOn(hosts[side], command)}  # on the ${side}`;
}

function commandsOf({ commands }: PathPreparation, hosts: Hosts): string {
  return (['source', 'destination'] as const)
    .flatMap((side) => commands[side].map((command) => lineFor(side, command, hosts)))
    .join('\n');
}

function fallBack({ mptcp }: MigrationSettings): string {
  return mptcp === 'require'
    ? 'Fix it, or migrate with --mptcp prefer.'
    : 'Without it the migration uses plain TCP over one path.';
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (let i = 0; i < 3; i += 1) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
