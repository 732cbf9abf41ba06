import { writeFileSync } from 'node:fs';
import { invalidRequest } from '#contract/errors.ts';
import { formatBytes } from '#contract/units.ts';
import { printJson } from '#main/cli/console.ts';
import type { Command } from '#main/cli/context.ts';
import { exitCode } from '#main/cli/exit-code.ts';
import { writeNewFile } from '#main/cli/write-file.ts';

export interface ReportOptions {
  readonly output?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** One archive with all that is needed to find the cause of a fault. It is written here, and sent nowhere. */
export function report(id: string | undefined, { output, force = false, json = false }: ReportOptions): Command {
  return async ({ application, console }) => {
    if (json && output === '-') {
      throw invalidRequest(
        'stdout can hold the archive or the document.',
        'Leave out --json, or name a file.',
        'output',
      );
    }
    const { subject, files, archive } = await (await application()).collectReport(id);
    const path = output ?? `switchyard-report-${subject}.tar.gz`;
    if (path === '-') writeFileSync(1, archive);
    else await writeNewFile(path, archive, { overwrite: force });
    const contents = files.map(({ name, text }) => ({ name, bytes: Buffer.byteLength(text) }));
    const said = path === '-' || json ? console.log : console.out;
    said(
      [
        path === '-' ? 'The report was written to stdout.' : `Wrote ${path} (${formatBytes(archive.length)}):`,
        ...contents.map(({ name, bytes }) => `  ${name}  ${formatBytes(bytes)}`),
        'Secrets are left out as far as they are known by name or shape. Read it before you pass it on: nothing was sent.',
      ].join('\n'),
    );
    if (json && path !== '-') printJson(console, { subject, file: path, bytes: archive.length, contents, sent: false });
    return exitCode.done;
  };
}
