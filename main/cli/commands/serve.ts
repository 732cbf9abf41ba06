import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { invalidRequest } from '#contract/errors.ts';
import { labService } from '#lab/lab.ts';
import { Application } from '#main/app/application.ts';
import { Desk } from '#main/app/desk.ts';
import type { Command, Context } from '#main/cli/context.ts';
import { exitCode } from '#main/cli/exit-code.ts';
import { openBrowser } from '#main/cli/open-browser.ts';
import { serveWeb, type WebHost } from '#main/webhost/serve-web.ts';

export interface ServeOptions {
  /** 0 lets the kernel choose. */
  readonly port: number;
  readonly open: boolean;
}

/** The app for the browsers of this machine, until it is interrupted; the migrations go on without it. */
export function serve({ port, open }: ServeOptions, version: string): Command {
  return async (context) => {
    const { console } = context;
    if (port > 65_535) throw invalidRequest(`There is no port ${port}.`, 'Give one up to 65535.', 'port');
    const log = (line: string): void => console.log(line);
    const application = new Application({ version });
    const desk = new Desk({ application, version, face: { capabilities: [], lab: labService, log } });
    await using web = await serveWeb({ desk, port, content: contentFolder(), alsoUid: sudoUser(), log });
    await desk.begin();
    const link = web.newLink();
    console.out(`Switchyard is at ${link}`);
    console.log('The link is good for one browser; press Enter for another, Ctrl-C to end.');
    if (open) openBrowser(link);
    await untilInterrupted(context, web);
    for (const id of await desk.close()) {
      console.log(
        `Migration ${id} goes on, and nobody looks after it until you start Switchyard again or type \`switchyard watch ${id}\`.`,
      );
    }
    return exitCode.done;
  };
}

async function untilInterrupted({ console, signals }: Context, web: WebHost): Promise<void> {
  const another = (): void => console.out(`Switchyard is at ${web.newLink()}`);
  if (process.stdin.isTTY) process.stdin.on('data', another);
  const undo: (() => void)[] = [];
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) undo.push(signals.on(signal, resolve));
  });
  for (const each of undo) each();
  process.stdin.off('data', another).pause();
}

/** Beside the program in a build; where the build puts it when the sources run as they are. */
function contentFolder(): string {
  const built = join(import.meta.dirname, '..', 'renderer');
  return existsSync(join(built, 'index.html')) ? built : join(import.meta.dirname, '..', '..', '..', 'out', 'renderer');
}

/** The browser of whoever typed `sudo` is theirs, not root's. */
function sudoUser(): number | undefined {
  const uid = Number(process.env['SUDO_UID'] ?? Number.NaN);
  return Number.isInteger(uid) ? uid : undefined;
}
