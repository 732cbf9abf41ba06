import packageJson from '#package.json' with { type: 'json' };
import { operatorName, operatorVariable } from '#main/app/operator-name.ts';
import type { ReportIncident } from '#main/app/incidents.ts';
import { survive } from '#main/app/escaped.ts';
import { systemClock } from './clock.ts';
import { processConsole } from './console.ts';
import type { ApplicationPort } from './context.ts';
import { exitCode } from './exit-code.ts';
import { runCommandLine } from './run.ts';
import { processSignals } from './signals.ts';

const console = processConsole();
const { version } = packageJson;
let application: Promise<ApplicationPort> | undefined;
let reporter: Promise<ReportIncident> | undefined;
let report: ReportIncident | undefined;
/** It has windows, and lives for them. */
const serving = process.argv[2] === 'serve';
const incidents = (): Promise<ReportIncident> =>
  (reporter ??= import('#main/app/incidents.ts').then(
    ({ incidentReporter }) => (report = incidentReporter({ version, face: serving ? 'serve' : 'command line' })),
  ));

// Before there is an application nothing depends on this process, and `giveUp` reports.
survive({
  report: (thrown, context) => report?.(thrown, context) ?? 'not kept',
  say: (text) => console.log(text),
  giveUp: serving ? undefined : giveUp,
});

function giveUp(thrown: unknown): void {
  void import('./failure-report.ts').then(async ({ reportFailure }) => {
    await reportFailure({ console, incidents }, thrown, { json: false });
    await console.flushed();
    process.exit(exitCode.needsOperator);
  });
}

const code = await runCommandLine(process.argv.slice(2), {
  console,
  version,
  signals: processSignals,
  clock: systemClock,
  application: () =>
    (application ??= Promise.all([import('#main/app/application.ts'), incidents()]).then(
      ([{ Application }, loaded]) => new Application({ version, report: loaded }),
    )),
  incidents,
  openTraces: async () => {
    if (!process.env['SWITCHYARD_TRACE']) return;
    const { openTraces } = await import('#main/app/tracing.ts');
    openTraces({ environment: process.env, write: console.log });
  },
  lab: () => import('#lab/lab.ts'),
  enterLabs: async (options) => {
    const { reenterForLab } = await import('#lab/user-namespace.ts');
    // In there every process is root; the record is to name the user who asked.
    process.env[operatorVariable] ??= operatorName();
    return reenterForLab([process.execPath, ...process.execArgv, ...process.argv.slice(1)], options);
  },
});
await console.flushed();
// Who lets go of a migration leaves a connection behind on which a QEMU may not answer.
process.exit(code);
