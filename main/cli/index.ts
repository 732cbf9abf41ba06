import packageJson from '#package.json' with { type: 'json' };
import { processConsole } from './console.ts';
import { processSignals } from './drive.ts';
import { exitCode } from './exit-code.ts';
import { runCommandLine } from './program.ts';

const console = processConsole(process.stdout, process.stderr);
let application: Promise<import('#main/app/application.ts').Application> | undefined;

try {
  process.exitCode = await runCommandLine(process.argv.slice(2), packageJson.version, {
    console,
    signals: processSignals,
    application: () =>
      (application ??= import('#main/app/application.ts').then(
        ({ Application }) => new Application({ version: packageJson.version }),
      )),
  });
} catch (thrown) {
  // A fault of ours: whatever runs goes on without this command, so say how to find it again.
  console.log(`Switchyard hit a fault of its own: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  console.log(
    'Look at the state of your migrations with `switchyard history`. SWITCHYARD_DEBUG=1 shows where it happened.',
  );
  if (process.env['SWITCHYARD_DEBUG'] === '1') console.log(String(thrown instanceof Error ? thrown.stack : thrown));
  process.exitCode = exitCode.needsOperator;
}
