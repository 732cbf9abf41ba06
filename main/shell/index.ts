import { join } from 'node:path';
import { app, dialog, Menu, session } from 'electron';
import { toFailure } from '#contract/errors.ts';
import { Application } from '#main/app/application.ts';
import { Desk } from '#main/app/desk.ts';
import { outliveReaders, survive } from '#main/app/escaped.ts';
import { incidentReporter } from '#main/app/incidents.ts';
import { openTraces } from '#main/app/tracing.ts';
import { readManifest } from '#main/app/window-content.ts';
import { serveContent } from './content/serve-content.ts';
import { Desktop } from './desktop.ts';
import { desktopLab } from './desktop-lab.ts';
import { saveExport } from './export/save-export.ts';
import { openExternalLink } from './external-links.ts';
import { answerWindows } from './ipc/registry.ts';
import { menuTemplate } from './menu/menu-template.ts';
import { log } from './log.ts';
import { lockDown } from './security/lock-down.ts';
import { uiScheme } from './security/origin.ts';
import { WindowStateFile } from './window/window-state-file.ts';
import { Windows } from './windows.ts';

// The desktop app. Electron waits with `ready` until this module has been evaluated, so it waits for nothing itself.

lockDown();
outliveReaders(process.stdout, process.stderr);
// The dock finds the window's progress by the name of the .desktop file.
app.setDesktopName('switchyard.desktop');

if (app.requestSingleInstanceLock()) void app.whenReady().then(open).catch(giveUp);
else app.quit();

async function open(): Promise<void> {
  const version = app.getVersion();
  const report = incidentReporter({ version, face: 'window' });
  openTraces({ environment: process.env, write: log });
  survive({ report, say: log });
  const windows = new Windows();
  const desk = new Desk({
    application: new Application({ version, report }),
    version,
    face: {
      capabilities: ['save-dialog', 'window'],
      lab: desktopLab,
      save: async (file, asking) => {
        const window = windows.onScreen(asking);
        return window ? saveExport(file, window) : { kind: 'dismissed' };
      },
      log,
    },
  });
  answerWindows(windows, desk.dispatch);

  const ui = session.fromPartition('persist:ui', { cache: false });
  ui.protocol.handle(uiScheme, serveContent(readManifest(join(import.meta.dirname, '../renderer'))));
  const desktop = new Desktop({
    desk,
    windows,
    session: ui,
    stateFile: new WindowStateFile(join(app.getPath('userData'), 'window.json')),
  });
  const template = menuTemplate(
    {
      show: (screen) => desktop.showScreen(screen),
      openLink: (link) => void openExternalLink(link),
      about: () => app.showAboutPanel(),
    },
    { inspector: !app.isPackaged },
  );
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
  desktop.showWindow();
  await desk.begin();
}

/** Without a state directory or the window's content there is no app: say why, in words, and end. */
function giveUp(thrown: unknown): void {
  const { text, remedy } = toFailure(thrown, incidentReporter({ version: app.getVersion(), face: 'window' }));
  const said = `${text} ${remedy}`;
  log(said);
  dialog.showErrorBox('Switchyard cannot start', said);
  app.exit(2);
}
