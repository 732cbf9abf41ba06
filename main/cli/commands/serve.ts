import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { invalidRequest } from '#contract/errors.ts';
import { keepHolder, labList, labRights, labService, openDoor, reenterForLab } from '#lab/lab.ts';
import { Application } from '#main/app/application.ts';
import { Desk } from '#main/app/desk.ts';
import { outliveReaders } from '#main/app/escaped.ts';
import type { Console } from '#main/cli/console.ts';
import type { Command, Context } from '#main/cli/context.ts';
import { exitCode } from '#main/cli/exit-code.ts';
import { openBrowser } from '#main/cli/open-browser.ts';
import { serveWeb, type HandedDown, type WebHost } from '#main/webhost/serve-web.ts';

export interface ServeOptions {
  /** 0 lets the kernel choose. */
  readonly port: number;
  readonly open: boolean;
}

/** The app for the browsers of this machine, until it is interrupted; the migrations continue without it. */
export function serve({ port, open }: ServeOptions, version: string): Command {
  return async (context) => {
    const { console } = context;
    if (port > 65_535) throw invalidRequest(`There is no port ${port}.`, 'Give one up to 65535.', 'port');
    const handed = handedDown();
    if (!handed) {
      const elsewhere = await serveWhereLabsAre(console, port);
      if (elsewhere !== undefined) return elsewhere;
    }
    const releaseHolder = keepHolder();
    const log = (line: string): void => console.log(line);
    const application = new Application({ version, report: await context.incidents() });
    const desk = new Desk({ application, version, face: { capabilities: [], lab: labService, log } });
    await using web = await serveWeb({
      desk,
      listen: handed ?? { port },
      content: contentFolder(),
      alsoUid: sudoUser(),
      log,
    });
    await desk.begin();
    const link = web.newLink();
    console.out(`Switchyard is at ${link}`);
    console.log('The link is good for one browser; press Enter for another, Ctrl-C to end.');
    if (!web.seesOwners) {
      console.log(
        'Warning: other users of this machine can connect too, and only the link keeps them out. Do not share it, and open it at once.',
      );
    }
    if (open) openBrowser(link);
    await untilInterrupted(context, web);
    for (const id of await desk.close()) {
      console.log(
        `Migration ${id} continues, and no process manages it until you start Switchyard again or type \`switchyard watch ${id}\`.`,
      );
    }
    if ((await labList()).length === 0) releaseHolder();
    return exitCode.done;
  };
}

/**
 * Set for a command that was started with sockets of its own, from descriptor 3 on: how many listen, and how many see whose
 * connections those are (`2+1`).
 */
const doorVariable = 'SWITCHYARD_DOOR';

function handedDown(): HandedDown | undefined {
  const [, listening, owners] = /^([12])\+([01])$/.exec(process.env[doorVariable] ?? '') ?? [];
  if (listening === undefined) return undefined;
  const descriptors = Array.from({ length: Number(listening) }, (_, index) => 3 + index);
  return { descriptors, owners: owners === '1' ? 3 + descriptors.length : undefined };
}

/**
 * Without root, labs and the migrations in them need a user namespace, which has a network of its own that no browser
 * reaches: the sockets are opened here, and the app runs there. `undefined` where it can stay here.
 */
async function serveWhereLabsAre(console: Console, port: number): Promise<number | undefined> {
  if ((await labRights()).kind !== 'by-user-namespace') return undefined;
  console.log('Without root there are labs only: for the guests of this machine start again with sudo.');
  using door = openDoor(port);
  const owners = door.owners === undefined ? [] : [door.owners];
  process.env[doorVariable] = `${door.descriptors.length}+${owners.length}`;
  const argv = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  return await reenterForLab(argv, { make: true, descriptors: [...door.descriptors, ...owners] });
}

async function untilInterrupted({ console, signals }: Context, web: WebHost): Promise<void> {
  const another = (): void => console.out(`Switchyard is at ${web.newLink()}`);
  outliveReaders(process.stdin);
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

/** The browser is that of the user who typed `sudo`, not root's. */
function sudoUser(): number | undefined {
  const uid = Number(process.env['SUDO_UID'] ?? Number.NaN);
  return Number.isInteger(uid) ? uid : undefined;
}
