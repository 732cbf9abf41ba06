import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { whyNoLabs } from '#lab/testing/requirements.ts';
import { tell } from '#e2e/support/stage/back-door.ts';
import { finished, switchyard } from '#e2e/support/stage/command.ts';
import { safeOnSource, told } from '#e2e/support/stage/expectations.ts';
import { done, switchingOver } from '#e2e/support/stage/moments.ts';
import { sevenChecks } from '#e2e/support/stage/seven-checks.ts';
import { Stage } from '#e2e/support/stage/stage.ts';
import { lockShared } from '#native/file-locks.ts';

const reason = await whyNoLabs();

/** A byte on which a lock keeps every QEMU from writing an image: who holds it does not share writing. */
const excludesWriting = 201;

describe.skipIf(reason !== '')(`a disk that the destination does not get${reason}`, () => {
  let folder: string;
  let image: string;
  let stage: Stage;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sy-disk-'));
    image = join(folder, 'disk.raw');
    writeFileSync(image, '');
    truncateSync(image, 4 * 2 ** 20);
    const drive = `file=${image},if=none,id=disk,format=raw`;
    const guestArguments = ['-drive', drive, '-device', 'virtio-blk-pci,drive=disk'];
    stage = await Stage.make({ guestArguments });
  });
  afterAll(async () => {
    await stage[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  function qemuIo(command: string): string {
    const answer = tell(stage.onlyCopy().pid, 'human-monitor-command', { 'command-line': `qemu-io disk "${command}"` });
    return String(answer);
  }

  test('case 45: another process locks it after the last look, and the operator returns the guest', async () => {
    qemuIo('write -P 0xaa 0 64k');
    const story = await stage.begin();
    let foreign: number | undefined;
    story.at(switchingOver, () => {
      foreign = openSync(image, 'r');
      lockShared(foreign, excludesWriting);
    });
    await story.end();
    let back = '';
    const goBack = async (): Promise<void> => {
      closeSync(foreign ?? 0);
      const withoutName = await finished(switchyard(['go-back', story.id], stage.environment));
      const withName = await finished(
        switchyard(['go-back', story.id, '--confirm', stage.names.guest], stage.environment),
      );
      back = `${withoutName.code} ${withName.code}`;
    };
    const verdict = await sevenChecks(story, goBack);
    expect(verdict).toEqual({
      ...safeOnSource({}),
      copies: ['destination: paused', 'source: postmigrate'],
      // That of the other process, which is this one.
      leftOver: [`+ descriptor ${image}`],
      told: told('paused-recoverable', 'stopped', {
        side: 'destination',
        cause: /refuses to start it: .*lock.* The guest has never run there/,
        next: /switchyard go-back/,
      }),
    });
    expect(back).toBe('2 1');
    expect(qemuIo('read -P 0xaa 0 64k')).not.toContain('verification failed');
  });

  test('case 45: another process locks it in the last iteration: seen at the gate, and the guest stays', async () => {
    const story = await stage.begin({ settings: { socket: 'qemu' } });
    let foreign: number | undefined;
    story.at(done('migrate'), () => {
      foreign = openSync(image, 'r');
      lockShared(foreign, excludesWriting);
    });
    await story.end();
    closeSync(foreign ?? 0);
    expect(await sevenChecks(story)).toEqual(
      safeOnSource({ side: 'destination', cause: /holds a lock on .* that excludes writing/ }),
    );
  });

  test('case 45: another process has it locked before: known, and nothing is started', async () => {
    const foreign = openSync(image, 'r');
    lockShared(foreign, excludesWriting);
    try {
      expect(await stage.refusal()).toContain(`(process ${process.pid} of user root (0)) holds a lock on ${image}`);
    } finally {
      closeSync(foreign);
    }
    expect(await stage.memory()).toMatchObject({ proven: true });
  });
});
