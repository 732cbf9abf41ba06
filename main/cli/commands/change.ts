import { invalidRequest } from '#contract/errors.ts';
import { operatorPathActionSchema, type OperatorPathAction } from '#contract/requests.ts';
import { formatBitsPerSecond, formatDurationMs } from '#contract/units.ts';
import { printJson } from '#main/cli/console.ts';
import type { Command } from '#main/cli/context.ts';
import { exitCode } from '#main/cli/exit-code.ts';
import { toLiveChange, type ChangeOptions } from '#main/cli/migration-request.ts';

interface JsonOption {
  readonly json?: boolean;
}

/** Changes the bandwidth or the downtime limit of a migration that runs, at once. */
export function set(id: string, { json, ...options }: ChangeOptions & JsonOption): Command {
  return async ({ application, console }) => {
    const change = toLiveChange(options);
    const app = await application();
    await app.ask(id, { command: 'change', by: app.user, change });
    if (json === true) {
      printJson(console, { id, ...change });
      return exitCode.done;
    }
    const { bandwidthBitsPerSecond: bandwidth, downtimeLimitMs } = change;
    if (bandwidth !== undefined) {
      console.out(`The bandwidth limit is ${bandwidth === 0 ? 'gone' : `${formatBitsPerSecond(bandwidth)} now`}.`);
    }
    if (downtimeLimitMs !== undefined) console.out(`The downtime limit is ${formatDurationMs(downtimeLimitMs)} now.`);
    return exitCode.done;
  };
}

const pathWords: Readonly<Record<OperatorPathAction, (name: string) => string>> = {
  add: (name) => `${name} is being added to the paths.`,
  remove: (name) => `${name} is being removed from the paths.`,
  backup: (name) => `${name} is a backup now: it carries nothing while another path works.`,
  resume: (name) => `${name} carries its share again.`,
};

/** Does something to a path of a migration that runs; a path is named by the source's interface. */
export function path(id: string, wanted: string, sourceInterface: string, { json }: JsonOption): Command {
  return async ({ application, console }) => {
    const action = operatorPathActionSchema.options.find((known) => known === wanted);
    if (!action) {
      const known = operatorPathActionSchema.options.join(', ');
      throw invalidRequest(`"${wanted}" is nothing that can be done to a path.`, `Say one of ${known}.`, 'action');
    }
    const app = await application();
    await app.ask(id, { command: 'path', by: app.user, action, interface: sourceInterface });
    if (json === true) printJson(console, { id, action, interface: sourceInterface });
    else console.out(pathWords[action](sourceInterface));
    return exitCode.done;
  };
}

/** Lets the guest go to its destination before all of its memory is there; from then on it cannot be cancelled. */
export function postCopy(id: string, { json }: JsonOption): Command {
  return async ({ application, console }) => {
    const app = await application();
    await app.ask(id, { command: 'post-copy', by: app.user });
    if (json === true) printJson(console, { id, requested: 'post-copy' });
    else
      console.out(
        'Post-copy was requested: the guest continues on the destination, and the rest of its memory follows.',
      );
    return exitCode.done;
  };
}
