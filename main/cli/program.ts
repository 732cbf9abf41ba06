import { Command as Program, CommanderError, Option } from 'commander';
import { SwitchyardError } from '#contract/errors.ts';
import { mptcpPolicySchema } from '#contract/migration.ts';
import { countArgument, collect, durationArgument, rateArgument } from './arguments.ts';
import type { Command, Context } from './context.ts';
import type { ExportFormat, ExportOptions } from './commands/records.ts';
import type { MigrateOptions } from './commands/migrate.ts';
import { exitCode } from './exit-code.ts';

const json = ['--json', 'print one JSON document on stdout; everything else goes to stderr'] as const;
const labName = ['--name <name>', 'which lab', 'lab'] as const;

/** Runs one command line; resolves with the exit code, never rejects for what an operator can mend. */
export async function runCommandLine(argv: readonly string[], version: string, context: Context): Promise<number> {
  let code: number = exitCode.done;
  const program = build(version, context, async (command) => {
    code = await command(context);
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? exitCode.done : exitCode.usage;
    if (thrown instanceof SwitchyardError) {
      context.console.log(`${thrown.failure.text} ${thrown.failure.remedy}`);
      return thrown.failure.kind === 'invalid-request' ? exitCode.usage : exitCode.failed;
    }
    throw thrown;
  }
}

function build(version: string, context: Context, run: (command: Command) => Promise<void>): Program {
  const program = new Program('switchyard')
    .description('Moves running QEMU/KVM guests between hosts over Multipath TCP.')
    .version(version)
    .exitOverride()
    .configureOutput({ writeOut: (text) => context.console.out(text), writeErr: (text) => context.console.log(text) })
    .showHelpAfterError('(see --help)');

  program
    .command('demo')
    .description('make a lab, move its guest by TCP and back by Multipath TCP, compare, clean up')
    .option(...json)
    .action(async (options: { json?: boolean }) => run((await import('./commands/demo.ts')).demo(options)));

  labCommands(program.command('lab').description('throw-away hosts, shaped links and a guest on this machine'), run);

  program
    .command('hosts')
    .description('this machine and its network namespaces: kernels, QEMU, MPTCP, interfaces')
    .option(...json)
    .action(async (options: { json?: boolean }) => run((await import('./commands/inventory.ts')).hosts(options)));
  program
    .command('guests')
    .description('QEMU guests, of one host or of all')
    .argument('[host]')
    .option(...json)
    .action(async (host: string | undefined, options: { json?: boolean }) =>
      run((await import('./commands/inventory.ts')).guests(host, options)),
    );

  migrationOptions(
    program.command('preflight').description('check whether a migration would work; changes nothing'),
  ).action(async (guest: string, options: MigrateOptions) =>
    run((await import('./commands/migrate.ts')).preflight(guest, options)),
  );
  migrationOptions(program.command('migrate').description('move a running guest to another host')).action(
    async (guest: string, options: MigrateOptions) =>
      run((await import('./commands/migrate.ts')).migrate(guest, options)),
  );

  program
    .command('watch')
    .description('follow a migration; take it up again when nobody looks after it')
    .argument('<id>', 'migration id, or the beginning of it')
    .option(...json)
    .action(async (id: string, options: { json?: boolean }) =>
      run((await import('./commands/migrate.ts')).watch(id, options)),
    );
  program
    .command('cancel')
    .description('cancel a migration and wait until the guest is safe on its source')
    .argument('<id>')
    .option(...json)
    .action(async (id: string, options: { json?: boolean }) =>
      run((await import('./commands/migrate.ts')).cancel(id, options)),
    );
  program
    .command('set')
    .description('change the bandwidth or the downtime limit of a migration that runs')
    .argument('<id>')
    .option('--bandwidth <rate>', '500mbit, 2.5gbit; 0 is no limit', rateArgument)
    .option('--downtime-limit <duration>', '300ms, 1s', durationArgument)
    .action(async (id: string, options: { bandwidth?: number; downtimeLimit?: number }) =>
      run((await import('./commands/migrate.ts')).change(id, options)),
    );

  program
    .command('history')
    .description('all migrations, newest first')
    .option(...json)
    .action(async (options: { json?: boolean }) => run((await import('./commands/records.ts')).history(options)));
  program
    .command('show')
    .description('one migration, with its events')
    .argument('<id>')
    .option(...json)
    .action(async (id: string, options: { json?: boolean }) =>
      run((await import('./commands/records.ts')).show(id, options)),
    );
  program
    .command('export')
    .description('write the record of a migration')
    .argument('<id>')
    .addOption(
      new Option('--format <format>', 'what to write').choices(['json', 'csv', 'log', 'html']).makeOptionMandatory(),
    )
    .requiredOption('--output <file>', 'where to; - is stdout')
    .option('--force', 'overwrite the file')
    .action(async (id: string, options: ExportOptions & { format: ExportFormat }) =>
      run((await import('./commands/records.ts')).exportRecord(id, options)),
    );
  return program;
}

function migrationOptions(command: Program): Program {
  return command
    .argument('<guest>', 'name or uuid')
    .requiredOption('--from <host>', 'source host')
    .requiredOption('--to <host>', 'destination host')
    .addOption(
      new Option('--mptcp <policy>', 'off: TCP; prefer: fall back to TCP with a warning; require: MPTCP or nothing')
        .choices(mptcpPolicySchema.options)
        .default('prefer'),
    )
    .option('--downtime-limit <duration>', 'longest stop that is aimed for (default 300ms)', durationArgument)
    .option('--bandwidth <rate>', 'most to send, 500mbit, 2.5gbit; 0 is no limit (default 0)', rateArgument)
    .option('--parallel-connections <n>', 'multifd connections (default: none)', countArgument)
    .option('--auto-converge', 'slow the guest step by step if it dirties faster than is sent')
    .option('--stall-limit <duration>', 'cancel when nothing has moved for so long (default 30s)', durationArgument)
    .option('--sample-rate <hz>', 'samples a second, 1 to 50 (default 10)', countArgument)
    .option('--accept <check>', 'go on although this check fails; may be repeated', collect, [])
    .option(...json);
}

interface LabOptions {
  readonly name: string;
  readonly json?: boolean;
}

function labCommands(lab: Program, run: (command: Command) => Promise<void>): void {
  lab
    .command('up')
    .description('two hosts, shaped links between them, and a guest that proves its own memory')
    .option(...labName)
    .option('--links <rates>', 'one link per rate, 500mbit,500mbit')
    .option('--guest-memory <size>', '512MiB')
    .option('--guest-walk <size>', 'how much of it the guest keeps writing to, 400MiB')
    .option('--guest-pace <pace>', 'how fast: 50mbit, pages per second, or max (default: a tenth of the slowest link)')
    .option(...json)
    .action(async (options: LabOptions) => run((await import('./commands/lab.ts')).up(options)));
  lab
    .command('status')
    .description('what is there now')
    .option(...labName)
    .option(...json)
    .action(async (options: LabOptions) => run((await import('./commands/lab.ts')).status(options)));
  lab
    .command('list')
    .description('all labs on this machine')
    .option(...json)
    .action(async (options: { json?: boolean }) => run((await import('./commands/lab.ts')).list(options)));
  lab
    .command('link')
    .description('cut or mend a link: down (carrier lost), silent (carrier stays, all is lost), up')
    .argument('<n>', 'counts from 1', countArgument)
    .argument('<state>', 'up, down or silent')
    .option(...labName)
    .option(...json)
    .action(async (index: number, state: string, options: LabOptions) =>
      run((await import('./commands/lab.ts')).link(index, state, options)),
    );
  lab
    .command('verify')
    .description('prove that the guest has lost none of its memory')
    .option(...labName)
    .option(...json)
    .action(async (options: LabOptions) => run((await import('./commands/lab.ts')).verify(options)));
  lab
    .command('down')
    .description('remove the lab, also what a crash left of it')
    .option(...labName)
    .option(...json)
    .action(async (options: LabOptions) => run((await import('./commands/lab.ts')).down(options)));
}
