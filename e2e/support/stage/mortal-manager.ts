import { migrationRequestSchema } from '#contract/requests.ts';
import { Application } from '#main/app/application.ts';
import { tell } from './back-door.ts';
import { momentNamed } from './moments.ts';

/**
 * A manager that kills itself with SIGKILL at a moment of its own journal, in the turn in which that entry has reached the
 * disk: no test that kills from outside could be as exact. Program; see `Stage.beginMortally`.
 *
 * Arguments: the request as JSON; what happens and when, as JSON.
 */
export interface Fate {
  /** A moment, or how many entries stand in the journal then. */
  readonly diesAt: string | number;
  readonly postCopyAt?: string;
  /** What an outsider says to the source's QEMU. */
  readonly outsider?: { readonly at: string; readonly command: string; readonly args: object };
}

const [requestText = '', fateText = ''] = process.argv.slice(2);
const request = migrationRequestSchema.parse(JSON.parse(requestText));
const fate: Fate = JSON.parse(fateText);
const diesAt = typeof fate.diesAt === 'string' ? momentNamed(fate.diesAt) : undefined;
const postCopyAt = fate.postCopyAt === undefined ? undefined : momentNamed(fate.postCopyAt);
const outsiderAt = fate.outsider && momentNamed(fate.outsider.at);

const started = await new Application({ version: '0.0.0' }).start(request);
if (started.kind === 'refused') throw new Error(started.refusals.map(({ text }) => text).join(' '));
const { plan, migration } = started;
process.stdout.write(plan.id);
migration.subscribe({
  onEntry: ({ event, sequence }) => {
    if (fate.outsider && outsiderAt?.(event)) {
      tell(plan.guest.identity.pid, fate.outsider.command, fate.outsider.args);
    }
    if (postCopyAt?.(event)) void migration.ask({ command: 'post-copy', by: 'anna' });
    if (diesAt?.(event) || sequence === fate.diesAt) process.kill(process.pid, 'SIGKILL');
  },
});
await migration.ended;
// Fewer entries than were asked for: it dies of its last one.
if (diesAt === undefined) process.kill(process.pid, 'SIGKILL');
throw new Error(`the migration ended before ${fate.diesAt}`);
