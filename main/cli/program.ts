import { Command as Program, CommanderError, Option } from 'commander';
import type { MigrationSettings } from '#contract/migration.ts';
import { bytesArgument, collect, collectNames, countArgument, durationArgument, rateArgument } from './arguments.ts';
import type { Command } from './context.ts';
import type { PreflightOptions } from './commands/migrate.ts';
import type { ExportOptions, HistoryOptions } from './commands/records.ts';
import type { ReportOptions } from './commands/report.ts';
import type { ServeOptions } from './commands/serve.ts';
import type { ChangeOptions, MigrateOptions } from './migration-request.ts';

/** What the operator asked for, as a command ready to run; its module is loaded when it is run, not before. */
export interface Chosen {
  readonly command: () => Promise<Command>;
  /** Where it looks for labs when this user may not make network namespaces: see lab/user-namespace.ts. */
  readonly labs: 'makes' | 'enters' | 'needs-none';
}

/** What commander has read, or what it printed instead. */
export type Reading =
  | { readonly kind: 'chosen'; readonly chosen: Chosen }
  | { readonly kind: 'printed' }
  | { readonly kind: 'misused'; readonly why: string };

export interface Outputs {
  readonly out: (text: string) => void;
  readonly log: (text: string) => void;
}

/** Reads a command line: nothing is done yet, and nothing heavy is loaded. */
export function readCommandLine(argv: readonly string[], version: string, outputs: Outputs): Reading {
  let chosen: Chosen | undefined;
  const program = build(version, outputs, (labs, load, use) => {
    chosen = { labs, command: async () => use(await load()) };
  });
  try {
    program.parse(argv, { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode === 0) return { kind: 'printed' };
    return { kind: 'misused', why: thrown.message.replace(/^error: /, '') };
  }
  return chosen ? { kind: 'chosen', chosen } : { kind: 'misused', why: 'no command was given' };
}

type Choose = <Module>(labs: Chosen['labs'], load: () => Promise<Module>, use: (module: Module) => Command) => void;

const changeCommands = () => import('./commands/change.ts');
const demoCommand = () => import('./commands/demo.ts');
const inventory = () => import('./commands/inventory.ts');
const lab = () => import('./commands/lab.ts');
const migrateCommands = () => import('./commands/migrate.ts');
const records = () => import('./commands/records.ts');
const reportCommand = () => import('./commands/report.ts');
const serveCommand = () => import('./commands/serve.ts');
const watchCommands = () => import('./commands/watch.ts');

interface Json {
  readonly json?: boolean;
}

const jsonOption = ['--json', 'print one JSON document on stdout; everything else goes to stderr'] as const;
const idArgument = ['<id>', 'migration id, or the beginning of it'] as const;

function build(version: string, { out, log }: Outputs, choose: Choose): Program {
  const program = new Program('switchyard')
    .description('Moves running QEMU/KVM guests between hosts over Multipath TCP.')
    .version(version)
    .exitOverride()
    .configureOutput({ writeOut: out, writeErr: log })
    .showHelpAfterError('(see --help)')
    .addHelpText('after', exitCodeHelp);

  program
    .command('demo')
    .description('make a lab, move its guest by TCP and back by Multipath TCP, compare, clean up')
    .option(...jsonOption)
    .action((options: Json) => choose('makes', demoCommand, (commands) => commands.demo(options)));
  program
    .command('serve')
    .description('serve the app to a browser on this machine, until Ctrl-C')
    .option('--port <n>', 'port on 127.0.0.1 and ::1 (default: a free one)', countArgument, 0)
    .option('--no-open', 'print the address and open no browser')
    .action((options: ServeOptions) => choose('needs-none', serveCommand, ({ serve }) => serve(options, version)));
  labCommands(program.command('lab').description('throw-away hosts, shaped links and a guest on this machine'), choose);
  inventoryCommands(program, choose);
  movingCommands(program, choose);
  changingCommands(program, choose);
  recordCommands(program, choose);
  reportCommands(program, choose);
  return program;
}

const exitCodeHelp = `
Exit codes of commands that move a guest (migrate, watch, cancel, recover, go-back) say where it is:
  0 done, it is on the destination      1 failed or cancelled, it is safe on the source
  3 refused, nothing was touched        4 it needs the operator: stopped, paused, lost, or not known
preflight: 0 ready, 3 refused. All others: 0 done, 1 failed. Wrong usage is 2 everywhere.`;

function inventoryCommands(program: Program, choose: Choose): void {
  program
    .command('hosts')
    .description('show this machine and its network namespaces: kernels, QEMU, MPTCP, interfaces')
    .option(...jsonOption)
    .action((options: Json) => choose('enters', inventory, (commands) => commands.hosts(options)));
  program
    .command('guests')
    .description('list QEMU guests, of one host or of all')
    .argument('[host]')
    .option(...jsonOption)
    .action((host: string | undefined, options: Json) =>
      choose('enters', inventory, (commands) => commands.guests(host, options)),
    );
}

function movingCommands(program: Program, choose: Choose): void {
  migrationOptions(
    program
      .command('preflight')
      .description('check whether a migration would work, and forecast it; changes nothing permanently')
      .option('--commands', 'show what each QEMU would be sent'),
  ).action((guest: string, options: PreflightOptions) =>
    choose('enters', migrateCommands, (commands) => commands.preflight(guest, options)),
  );
  migrationOptions(program.command('migrate').description('move a running guest to another host')).action(
    (guest: string, options: MigrateOptions) =>
      choose('enters', migrateCommands, (commands) => commands.migrate(guest, options)),
  );
  program
    .command('watch')
    .description('follow a migration; take it up and finish it when no process manages it')
    .argument(...idArgument)
    .option(...jsonOption)
    .action((id: string, options: Json) => choose('enters', watchCommands, (commands) => commands.watch(id, options)));
  program
    .command('cancel')
    .description('cancel a migration and wait until the guest is safe on its source')
    .argument(...idArgument)
    .option(...jsonOption)
    .action((id: string, options: Json) => choose('enters', watchCommands, (commands) => commands.cancel(id, options)));
  program
    .command('recover')
    .description('connect both sides of an interrupted post-copy again, and finish it')
    .argument(...idArgument)
    .option(...jsonOption)
    .action((id: string, options: Json) =>
      choose('enters', watchCommands, (commands) => commands.recover(id, options)),
    );
  program
    .command('go-back')
    .description('return a guest that the destination has never run to the source; ends the destination')
    .argument(...idArgument)
    .option('--confirm <guest>', 'the name of the guest')
    .option(...jsonOption)
    .action((id: string, options: Json & { confirm?: string }) =>
      choose('enters', watchCommands, (commands) => commands.goBack(id, options)),
    );
}

const policies = ['off', 'prefer', 'require'] as const satisfies readonly MigrationSettings['mptcp'][];
const owners = ['qemu', 'app'] as const satisfies readonly MigrationSettings['socket'][];
const postCopyPolicies = ['never', 'allow'] as const satisfies readonly MigrationSettings['postCopy'][];

function migrationOptions(command: Program): Program {
  return command
    .argument('<guest>', 'name, uuid or process number')
    .requiredOption('--from <host>', 'source host')
    .requiredOption('--to <host>', 'destination host')
    .addOption(
      new Option('--mptcp <policy>', 'off: TCP; prefer: fall back to TCP with a warning; require: MPTCP or nothing')
        .choices(policies)
        .default('prefer'),
    )
    .addOption(
      new Option('--socket <owner>', 'who makes the connection: QEMU, or Switchyard, which hands it to QEMU')
        .choices(owners)
        .default('qemu'),
    )
    .option('--congestion-control <name>', 'congestion control of the sending sockets: cubic, bbr; with --socket app')
    .option('--socket-buffer <size>', 'send and receive buffer, 4MiB (default: sized by the kernel)', bytesArgument)
    .option('--socket-mark <n>', 'fwmark of both sockets, for routing rules; with --socket app', countArgument)
    .option('--to-waiting <guest>', 'move into a QEMU that waits on the destination: its name, uuid or process number')
    .option('--incoming <address>', 'where the destination listens, tcp:0:4444 (default: every address, any port)')
    .option(
      '--paths <names>',
      'use these paths only: eth1,eth3 (interfaces of the source), destination:eth4, an address, eth1/eth4',
      collectNames,
    )
    .option('--without-path <names>', 'leave these paths out: docker0; may be repeated', collectNames)
    .option('--first-path <name>', 'begin the connection on this path (default: the fastest)')
    .option(
      '--probe',
      'measure the paths now: fills them for up to 2 s (default: once between two hosts, for half a second)',
    )
    .option('--no-probe', 'never measure the paths')
    .option('--no-prepare-paths', 'leave MPTCP endpoints and limits as they are')
    .addOption(
      new Option(
        '--post-copy <policy>',
        'allow: `post-copy` may switch the guest over before all of its memory is sent',
      )
        .choices(postCopyPolicies)
        .default('never'),
    )
    .option('--downtime-limit <duration>', 'longest downtime to aim for (default 300ms)', durationArgument)
    .option('--bandwidth <rate>', 'bandwidth limit: 500mbit, 2.5gbit; 0 is no limit (default 0)', rateArgument)
    .option('--parallel-connections <n>', 'multifd connections (default: none)', countArgument)
    .option('--auto-converge', 'slow the guest step by step if it dirties memory faster than it can be sent')
    .option('--stall-limit <duration>', 'cancel when no byte has moved for this long (default 30s)', durationArgument)
    .option('--sample-rate <hz>', 'samples a second, 1 to 50 (default 10)', countArgument)
    .option('--vnc-password-file <file>', 'set the VNC password on the destination from the first line of this file')
    .option('--spice-password-file <file>', 'the same for SPICE')
    .option('--accept <check>', 'continue although this check fails; may be repeated', collect, [])
    .option(...jsonOption);
}

function changingCommands(program: Program, choose: Choose): void {
  program
    .command('set')
    .description('change the bandwidth or the downtime limit of a running migration')
    .argument(...idArgument)
    .option('--bandwidth <rate>', '500mbit, 2.5gbit; 0 is no limit', rateArgument)
    .option('--downtime-limit <duration>', '300ms, 1s', durationArgument)
    .option(...jsonOption)
    .action((id: string, options: ChangeOptions & Json) =>
      choose('needs-none', changeCommands, (commands) => commands.set(id, options)),
    );
  program
    .command('path')
    .description('change a path of a running migration: add, remove, backup (carries nothing), resume')
    .argument(...idArgument)
    .argument('<action>', 'add, remove, backup or resume')
    .argument('<interface>', "the source's interface, by which the path is named")
    .option(...jsonOption)
    .action((id: string, action: string, sourceInterface: string, options: Json) =>
      choose('needs-none', changeCommands, (commands) => commands.path(id, action, sourceInterface, options)),
    );
  program
    .command('post-copy')
    .description('switch to post-copy now; needs --post-copy allow')
    .argument(...idArgument)
    .option(...jsonOption)
    .action((id: string, options: Json) =>
      choose('needs-none', changeCommands, (commands) => commands.postCopy(id, options)),
    );
}

function recordCommands(program: Program, choose: Choose): void {
  program
    .command('history')
    .description('list migrations, newest first, and which are still open')
    .option(
      '--limit <n>',
      'list the newest n, and each older one that waits for you (default 100; with --json all)',
      countArgument,
    )
    .option('--all', 'list all of them')
    .option(...jsonOption)
    .action((options: HistoryOptions) => choose('needs-none', records, (commands) => commands.history(options)));
  program
    .command('show')
    .description('show one migration, with its events')
    .argument(...idArgument)
    .option(...jsonOption)
    .action((id: string, options: Json) => choose('needs-none', records, (commands) => commands.show(id, options)));
  program
    .command('export')
    .description('write the record of a migration')
    .argument(...idArgument)
    .addOption(
      new Option('--format <format>', 'what to write').choices(['json', 'csv', 'log', 'html']).makeOptionMandatory(),
    )
    .requiredOption('--output <file>', 'file to write; - is stdout')
    .option('--force', 'overwrite the file')
    .action((id: string, options: ExportOptions) =>
      choose('needs-none', records, (commands) => commands.exportRecord(id, options)),
    );
}

function reportCommands(program: Program, choose: Choose): void {
  program
    .command('report')
    .description('write one archive with what is needed to find the cause of a fault; sends nothing')
    .argument('[id]', 'id of an incident or a migration (default: the latest of both)')
    .option('--output <file>', 'file to write; - is stdout (default: switchyard-report-<id>.tar.gz here)')
    .option('--force', 'overwrite the file')
    .option(...jsonOption)
    .action((id: string | undefined, options: ReportOptions) =>
      choose('needs-none', reportCommand, (commands) => commands.report(id, options)),
    );
}

interface LabOptions extends Json {
  readonly name: string;
}

const labName = ['--name <name>', 'which lab', 'lab'] as const;

function labCommands(program: Program, choose: Choose): void {
  program
    .command('up')
    .description('make two hosts, shaped links between them, and a guest that proves its own memory')
    .option(...labName)
    .option('--links <rates>', 'one link per rate (default 500mbit,500mbit)')
    .option('--guest-memory <size>', '(default 512MiB)')
    .option('--guest-walk <size>', 'how much of it the guest keeps writing to (default 400MiB of 512, in proportion)')
    .option('--guest-pace <pace>', 'how fast: 50mbit, pages per second, or max (default: a tenth of the slowest link)')
    .option(...jsonOption)
    .action((options: LabOptions) => choose('makes', lab, (commands) => commands.up(options)));
  program
    .command('status')
    .description('show what is there now')
    .option(...labName)
    .option(...jsonOption)
    .action((options: LabOptions) => choose('enters', lab, (commands) => commands.status(options)));
  program
    .command('list')
    .description('list all labs on this machine')
    .option(...jsonOption)
    .action((options: Json) => choose('enters', lab, (commands) => commands.list(options)));
  program
    .command('link')
    .description('cut or restore a link: down (carrier lost), silent (carrier stays, all is lost), up')
    .argument('<n>', 'counts from 1', countArgument)
    .argument('<state>', 'up, down or silent')
    .option(...labName)
    .option(...jsonOption)
    .action((index: number, state: string, options: LabOptions) =>
      choose('enters', lab, (commands) => commands.link(index, state, options)),
    );
  program
    .command('verify')
    .description('prove that the guest has lost none of its memory')
    .option(...labName)
    .option(...jsonOption)
    .action((options: LabOptions) => choose('enters', lab, (commands) => commands.verify(options)));
  program
    .command('down')
    .description('remove the lab, also what a crash left of it')
    .option(...labName)
    .option(...jsonOption)
    .action((options: LabOptions) => choose('enters', lab, (commands) => commands.down(options)));
}
