import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { whyNoLabs } from '#lab/testing/requirements.ts';
import { Application } from '#main/app/application.ts';
import { closeAgainCommand, firewallCommand } from '#main/engine/migration-port.ts';
import { namespacePlace } from '#main/hosts/network-place.ts';
import { isNativeError } from '#native/native-error.ts';
import { connectBlocking, openSocket } from '#native/socket.ts';
import { backDoorPath, tell } from '#e2e/support/stage/back-door.ts';
import { doneOnDestination, safeOnSource, untouched } from '#e2e/support/stage/expectations.ts';
import { MonitorHolder } from '#e2e/support/stage/monitor-holder.ts';
import { copying, done } from '#e2e/support/stage/moments.ts';
import { nothingHappened, sevenChecks } from '#e2e/support/stage/seven-checks.ts';
import { SmallDisk } from '#e2e/support/stage/small-disk.ts';
import { Stage } from '#e2e/support/stage/stage.ts';
import type { Story } from '#e2e/support/stage/story.ts';

const reason = await whyNoLabs();

describe.skipIf(reason !== '')(`before anything is started${reason}`, () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.make();
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  test('the firewall rule keeps strangers out, and lets every subflow of the migration in', async () => {
    const request = { incoming: 'tcp:0:4444' };
    const { plan } = await stage.application.preflight(stage.request({ request }));
    const run = (command: string): void => void execFileSync('sh', ['-c', command]);
    run(firewallCommand({ destination: plan.destination, paths: plan.paths, listener: plan.listener }));
    const tries: string[] = [];
    const story = await stage.begin({ request, settings: { mptcp: 'require' } });
    // From the destination's own address, by which the source never comes: open, this would end QEMU.
    story.at(done('listen'), () => void tries.push(errorOf(() => connectOnce(story.destination, story.address, 4444))));
    await story.end();
    const { subflows } = await stage.application.record(story.id);
    expect([tries, subflows.length, await sevenChecks(story)]).toEqual([['ETIMEDOUT'], 2, doneOnDestination()]);
    run(closeAgainCommand(plan.destination));
    expect(errorOf(() => connectOnce(story.destination, story.address, 4444))).toBe('ECONNREFUSED');
  });

  describe('case 11', () => {
    /** Begins slowly, has the same asked for by `application`, and lets the first one finish. */
    async function secondAsks(application: Application): Promise<{ readonly story: Story; readonly refusal: string }> {
      const story = await stage.begin({ settings: { bandwidthBitsPerSecond: 30e6 } });
      await story.reached(copying);
      const refusal = await stage.refusal({ request: { from: story.source } }, application);
      await story.migration.ask({ command: 'change', by: 'anna', change: { bandwidthBitsPerSecond: 0 } });
      await story.end();
      return { story, refusal };
    }

    test('case 11: another application of the same user has begun already', async () => {
      const { story, refusal } = await secondAsks(stage.anotherApplication());
      expect(refusal).toContain(`already migrating (id ${story.id},`);
      expect(await sevenChecks(story)).toEqual(doneOnDestination());
    });

    test('case 11: an application that knows nothing of this one has begun already', async () => {
      const state = mkdtempSync(join(tmpdir(), 'sy-'));
      onTestFinished(() => rmSync(state, { recursive: true }));
      const environment = { ...stage.environment, SWITCHYARD_STATE_DIR: state };
      const { story, refusal } = await secondAsks(new Application({ version: '0.0.0', environment }));
      expect(refusal).toContain(
        `is already migrating (${story.id}), managed by a Switchyard with another state directory`,
      );
      expect(await sevenChecks(story)).toEqual(doneOnDestination());
    });

    test('case 11: one that knows nothing of this one has not migrated yet, and the guest has a free monitor', async () => {
      const state = mkdtempSync(join(tmpdir(), 'sy-'));
      onTestFinished(() => rmSync(state, { recursive: true }));
      const other = new Application({
        version: '0.0.0',
        environment: { ...stage.environment, SWITCHYARD_STATE_DIR: state },
      });
      const story = await stage.begin();
      const refusals: Promise<string>[] = [];
      story.at(
        done('start-destination'),
        () => void refusals.push(stage.refusal({ request: { from: story.source } }, other)),
      );
      await story.end();
      expect(await Promise.all(refusals)).toEqual([expect.stringContaining(`is already migrating (${story.id})`)]);
      expect(await sevenChecks(story)).toEqual(doneOnDestination());
    });
  });

  test('case 12: the monitor is held by another program', async () => {
    const before = await stage.before();
    const { monitorPath, pid } = stage.onlyCopy();
    const holders = [monitorPath, backDoorPath(pid)].map((path) => new MonitorHolder(path));
    const refusal = await stage.refusal();
    for (const holder of holders) holder[Symbol.dispose]();
    expect(refusal).toMatch(/monitor.*another program/);
    expect(await nothingHappened(stage, before)).toEqual(untouched);
  });

  test('case 12: the first monitor is held by another program, and the guest moves by the second', async () => {
    const holder = new MonitorHolder(stage.onlyCopy().monitorPath);
    const story = await stage.begin();
    const { outcome } = await story.end();
    holder[Symbol.dispose]();
    expect(outcome).toBe('done-on-destination');
    // The holder's connection was there before, and went with the source.
    expect(await sevenChecks(story)).toEqual({ ...doneOnDestination(), leftOver: ['- descriptor socket:'] });
  });

  test('case 23: a guest that was paused before is paused afterwards', async () => {
    tell(stage.onlyCopy().pid, 'stop');
    const story = await stage.begin();
    await story.end();
    const resume = (): void => void tell(story.destinationPid, 'cont');
    expect(await sevenChecks(story, resume)).toEqual(doneOnDestination('paused'));
  });

  test('case 23: a paused guest whose migration is cancelled is paused as before', async () => {
    const pid = stage.onlyCopy().pid;
    tell(pid, 'stop');
    const story = await stage.begin({ settings: { bandwidthBitsPerSecond: 80e6 } });
    story.at(copying, () => story.migration.ask({ command: 'cancel', by: 'anna' }));
    await story.end();
    expect(await sevenChecks(story, () => void tell(pid, 'cont'))).toEqual(
      safeOnSource({ cause: /Cancelled by anna/ }, 'paused'),
    );
  });
});

describe.skipIf(reason !== '')(`hosts with endpoints of others and odd limits${reason}`, () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.make();
    for (const host of stage.premises.hosts) stage.network.furnish(host);
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  test('are as they were after a migration that was cancelled', async () => {
    const story = await stage.begin({ settings: { bandwidthBitsPerSecond: 80e6 } });
    story.at(copying, () => story.migration.ask({ command: 'cancel', by: 'anna' }));
    await story.end();
    expect(await sevenChecks(story)).toEqual(safeOnSource({ cause: /Cancelled by anna/ }));
  });

  test('as long as a migration lasts, the plan of another one is that of a host without it', async () => {
    const alone = await stage.application.preflight(stage.request());
    const story = await stage.begin({ settings: { bandwidthBitsPerSecond: 30e6 } });
    await story.reached(copying);
    const meanwhile = await stage.application.preflight(stage.request({ request: { from: story.source } }));
    await story.migration.ask({ command: 'change', by: 'anna', change: { bandwidthBitsPerSecond: 0 } });
    await story.end();
    const lasting = ({ preparation, source, destination }: typeof alone.plan) => [
      preparation,
      [source, destination].map(({ mptcp: { endpoints, limits } }) => ({ endpoints, limits })),
    ];
    expect(lasting(meanwhile.plan)).toEqual(lasting(alone.plan));
    expect(await sevenChecks(story)).toEqual(doneOnDestination());
  });
});

describe.skipIf(reason !== '')(`disks${reason}`, () => {
  test('case 8: the disk is written to a temporary file of its process', async () => {
    const image = diskImage();
    const guestArguments = ['-drive', `file=${image},if=none,id=disk,format=raw,snapshot=on`];
    await using stage = await Stage.make({ guestArguments });
    expect(await stage.refusal()).toMatch(/temporary file of its own process/);
    expect(await stage.memory()).toMatchObject({ proven: true });
  });

  test('case 8: the disk has no path any more that a destination could open', async () => {
    const image = diskImage();
    const guestArguments = [
      '-drive',
      `file=${image},if=none,id=disk,format=raw`,
      '-device',
      'virtio-blk-pci,drive=disk',
    ];
    await using stage = await Stage.make({ guestArguments });
    rmSync(image);
    expect(await stage.refusal()).toContain(image);
    expect(await stage.memory()).toMatchObject({ proven: true });
  });
});

describe.skipIf(reason !== '')(`a journal that cannot be written${reason}`, () => {
  test('case 10: a full disk refuses the start', async () => {
    await using stage = await Stage.make();
    using disk = new SmallDisk(stage.premises.state, { bytes: 2 ** 20, files: 100 });
    const before = await stage.before();
    disk.fill();
    const refusal = await stage.refusal();
    disk.empty();
    expect(refusal).toContain('the disk is full');
    expect(await nothingHappened(stage, before)).toEqual(untouched);
  });

  test('case 10: a disk that is full in mid-run harms no migration', async () => {
    await using stage = await Stage.make();
    using disk = new SmallDisk(stage.premises.state, { bytes: 2 ** 20, files: 100 });
    const story = await stage.begin({ settings: { bandwidthBitsPerSecond: 80e6 } });
    const lost: string[] = [];
    story.migration.subscribe({ onJournalLost: ({ text }) => lost.push(text) });
    story.at(copying, async () => {
      disk.fill();
      // What is left of the journal's own last block takes some entries yet.
      while (lost.length === 0)
        await story.migration.ask({ command: 'change', by: 'anna', change: { downtimeLimitMs: 300 } });
    });
    const ending = await story.end();
    disk.empty();
    expect([ending.outcome, lost[0]]).toEqual(['done-on-destination', expect.stringContaining('the disk is full')]);
    const successor = await stage.application.open(story.id);
    await successor?.ended;
    expect(await sevenChecks(story)).toEqual(doneOnDestination());
  });
});

function diskImage(): string {
  const path = join(tmpdir(), `sy-${process.pid}-disk.img`);
  writeFileSync(path, '', { mode: 0o600 });
  truncateSync(path, 2 ** 20);
  onTestFinished(() => rmSync(path, { force: true }));
  return path;
}

function connectOnce(host: string, address: string, port: number): void {
  using socket = namespacePlace(host).run(() => openSocket('ipv4', 'tcp'));
  connectBlocking(socket, { family: 'ipv4', address, port }, 500);
}

function errorOf(work: () => void): string {
  try {
    work();
    return 'none';
  } catch (thrown) {
    return isNativeError(thrown) ? thrown.code : String(thrown);
  }
}
