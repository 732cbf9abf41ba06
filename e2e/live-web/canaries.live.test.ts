import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defaultSettings } from '#contract/migration.ts';
import { labService } from '#lab/lab.ts';
import { Application } from '#main/app/application.ts';
import { Desk } from '#main/app/desk.ts';
import { FakeWindow } from '#main/app/testing/fake-application.ts';
import { TwoHosts, whyNoHosts } from '#main/hosts/testing/two-hosts.ts';

// A guest whose command line holds secrets, through the whole app: none of them is on its disk, nor in what any window
// is reported, nor in what it exports.

const secretArguments = [
  ['-object', 'secret,id=disk,data=canary01'],
  ['-object', '{"qom-type":"secret","id":"tls","data":"canary02"}'],
  ['-fw_cfg', 'name=opt/org.example/ignition,string=canary03'],
  ['-smbios', 'type=11,value=io.systemd.credential:login=canary04'],
].flat();
const canary = /canary\d\d/g;

test('no secret of a guest leaves its own process', async ({ skip }) => {
  const why = whyNoHosts();
  if (why !== undefined) skip(why);
  await using hosts = await TwoHosts.make();
  await hosts.startGuest('canary-guest', ...secretArguments);
  const folder = mkdtempSync(join(tmpdir(), 'sy-canary-'));
  const environment = { SWITCHYARD_STATE_DIR: join(folder, 'state'), SWITCHYARD_RUNTIME_DIR: join(folder, 'run') };
  const logged: string[] = [];
  const window = new FakeWindow();
  const desk = new Desk({
    application: new Application({ version: 'test', environment }),
    version: 'test',
    face: { capabilities: [], lab: labService, log: (line) => logged.push(line) },
  });
  const leave = desk.join(window);
  const answers: string[] = [];
  const ask = async (name: string, request: object): Promise<string> => {
    const text = JSON.stringify(await desk.dispatch(name, request, window));
    answers.push(text);
    return text;
  };

  try {
    const [from, to] = hosts.names;
    const move = { guest: 'canary-guest', from, to, settings: defaultSettings };
    await ask('hosts.list', {});
    await ask('guests.list', {});
    await ask('migration.preflight', move);
    const id = /"id":"([^"]+)"/.exec(await ask('migration.start', move))?.[1] ?? '';
    await ask('telemetry.subscribe', { id });
    await expect
      .poll(() => ask('migration.view', { id }), { timeout: 60_000, interval: 200 })
      .toMatch(/"outcome":"done-on-destination".*"managed":false/);
    await ask('guests.list', {});
    await ask('migration.list', {});
    await ask('migration.samples', { id, limit: 100 });
    for (const format of ['json', 'csv', 'log', 'html']) await ask('migration.export', { id, format });

    const told = [...answers, JSON.stringify(window.heard), ...logged];
    const written = filesUnder(folder).map((path) => `${path}\n${readFileSync(path, 'latin1')}`);
    const leaks = [...told, ...written].filter((text) => text.search(canary) >= 0);
    expect([leaks, answers.some((text) => text.includes('[redacted]')), written.length > 2]).toEqual([[], true, true]);
  } finally {
    leave();
    await desk.close();
    rmSync(folder, { recursive: true });
  }
});

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
