import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { whyNoLabs } from '#lab/testing/requirements.ts';
import { writePort } from '#e2e/support/stage/back-door.ts';
import { doneOnDestination, lost, safeOnSource } from '#e2e/support/stage/expectations.ts';
import { committed, copying, intended, seen, told } from '#e2e/support/stage/moments.ts';
import { sevenChecks } from '#e2e/support/stage/seven-checks.ts';
import { Stage } from '#e2e/support/stage/stage.ts';

const reason = await whyNoLabs();
/** Three seconds for a guest that can be moved in less than one. */
const slowly = { bandwidthBitsPerSecond: 80e6 };

describe.skipIf(reason !== '')(`while the memory is copied${reason}`, () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.make();
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  test('case 15: the destination QEMU is killed', async () => {
    const story = await stage.begin({ settings: slowly });
    story.at(copying, () => void process.kill(story.destinationPid, 'SIGKILL'));
    await story.end();
    expect(await sevenChecks(story)).toEqual(safeOnSource({ side: 'destination', cause: /was killed/ }));
  });

  test('case 16: the source QEMU is killed', async () => {
    const story = await stage.begin({ settings: slowly });
    story.at(copying, () => void process.kill(story.sourcePid, 'SIGKILL'));
    await story.end();
    expect(await sevenChecks(story, undefined, 'the guest is lost')).toEqual(
      lost({
        phase: 'copying',
        side: 'source',
        cause: /ended before the guest had been handed over/,
        next: /from its disks/,
      }),
    );
  });

  test('case 17: the operator cancels', async () => {
    const story = await stage.begin({ settings: slowly });
    story.at(copying, () => story.migration.ask({ command: 'cancel', by: 'anna' }));
    await story.end();
    expect(await sevenChecks(story)).toEqual(safeOnSource({ cause: /Cancelled by anna/ }));
  });

  test('case 18: cancelling twice is cancelling once', async () => {
    const story = await stage.begin({ settings: slowly });
    story.at(copying, () =>
      Promise.all([
        story.migration.ask({ command: 'cancel', by: 'anna' }),
        story.migration.ask({ command: 'cancel', by: 'berta' }),
      ]),
    );
    await story.end();
    expect(await sevenChecks(story)).toEqual(safeOnSource({ cause: /Cancelled by anna/ }));
  });

  test('case 18: cancelling before the destination has been started', async () => {
    const story = await stage.begin();
    await story.migration.ask({ command: 'cancel', by: 'anna' });
    await story.end();
    expect(await sevenChecks(story)).toEqual(safeOnSource({ phase: 'cancelling', cause: /Cancelled by anna/ }));
  });

  test('case 18: cancelling what has been handed over is refused', async () => {
    const story = await stage.begin();
    let answer: unknown;
    story.at(committed, async () => {
      answer = await story.migration.ask({ command: 'cancel', by: 'anna' });
    });
    await story.end();
    expect(answer).toMatchObject({ ok: false, error: { text: /handed over/ } });
    expect(await sevenChecks(story)).toEqual(doneOnDestination());
  });

  test('case 18: cancelling what has failed changes nothing', async () => {
    const story = await stage.begin({ settings: slowly });
    story.at(copying, () => void process.kill(story.destinationPid, 'SIGKILL'));
    story.at(seen('source', { migration: 'failed' }), () => story.migration.ask({ command: 'cancel', by: 'anna' }));
    await story.end();
    expect(await sevenChecks(story)).toEqual(safeOnSource({}));
  });

  test.each(['down', 'silent'] as const)('case 19: all links go %s', async (how) => {
    const stallLimitMs = 1500;
    const story = await stage.begin({ settings: { ...slowly, stallLimitMs } });
    let cutAtMs = 0;
    story.at(copying, () => {
      stage.network.cut(how);
      cutAtMs = performance.now();
    });
    await story.end();
    const safeAfterMs = performance.now() - cutAtMs;
    stage.network.restore();
    expect(safeAfterMs).toBeLessThan(stallLimitMs + 3000);
    expect(await sevenChecks(story)).toEqual(
      safeOnSource({ cause: /Nothing moved for 1\.\d+ s over /, next: /Fix the network/ }),
    );
  });

  test('case 19: all links go silent while the connection is made', async () => {
    const story = await stage.begin({ settings: { stallLimitMs: 1500 } });
    story.at(intended('migrate'), () => stage.network.cut('silent'));
    await story.end();
    stage.network.restore();
    expect(await sevenChecks(story)).toEqual(safeOnSource({ cause: /Nothing moved/ }));
  });

  test.each(['down', 'silent'] as const)('case 20: one of two links goes %s and comes back', async (how) => {
    const story = await stage.begin({ settings: { ...slowly, mptcp: 'require' } });
    story.at(copying, async () => {
      stage.network.cut(how, 2);
      await sleep(1500);
      stage.network.restore(2);
    });
    await story.end();
    const { events } = await stage.application.record(story.id);
    expect(events.map(({ text }) => text)).toContainEqual(expect.stringMatching(/eth2.* lost/));
    expect(await sevenChecks(story)).toEqual(doneOnDestination());
  });

  test('case 20: an operator pauses a path and resumes it', async () => {
    const story = await stage.begin({ settings: { ...slowly, mptcp: 'require' } });
    story.at(
      told('negotiated', ({ when }) => when === 'data-flowed'),
      async () => {
        await story.migration.ask({ command: 'path', by: 'anna', action: 'backup', interface: 'eth2' });
        await sleep(500);
        await story.migration.ask({ command: 'path', by: 'anna', action: 'resume', interface: 'eth2' });
      },
    );
    await story.end();
    expect(await sevenChecks(story)).toEqual(doneOnDestination());
  });

  test('case 21: the destination freezes and thaws', async () => {
    const story = await stage.begin({ settings: slowly });
    story.at(copying, async () => {
      process.kill(story.destinationPid, 'SIGSTOP');
      await sleep(2500);
      process.kill(story.destinationPid, 'SIGCONT');
    });
    await story.end();
    const { events } = await stage.application.record(story.id);
    expect(events.map(({ text }) => text)).toContain(`The QEMU on ${story.destination} is there and does not answer.`);
    expect(await sevenChecks(story)).toEqual(doneOnDestination());
  });

  test('case 21: the destination freezes for good', async () => {
    const story = await stage.begin({ settings: { ...slowly, stallLimitMs: 1500 } });
    story.at(copying, () => void process.kill(story.destinationPid, 'SIGSTOP'));
    await story.end();
    expect(await sevenChecks(story)).toEqual(safeOnSource({ cause: /Nothing moved/ }));
  });

  test('case 24: the guest powers itself off', async () => {
    const story = await stage.begin({ settings: slowly });
    // PM1a_CNT of the PIIX4 with SLP_EN and the sleep type of S5, where SeaBIOS puts it.
    story.at(copying, () => writePort(story.sourcePid, 0x604, 0x2000));
    await story.end();
    expect(await sevenChecks(story, undefined, 'the guest is lost')).toEqual(
      lost({ side: 'source', cause: /shut down/ }),
    );
  });

  test('case 24: the guest resets itself', async () => {
    const story = await stage.begin({ settings: slowly });
    story.at(copying, () => writePort(story.sourcePid, 0xcf9, 0x6));
    await story.end();
    // It counts again from its boot.
    expect(await sevenChecks(story, undefined, 'the guest starts over')).toEqual({
      ...doneOnDestination(),
      memory: expect.stringMatching(/proven|count/),
    });
  });
});

describe.skipIf(reason !== '')(`a guest that writes faster than is sent${reason}`, () => {
  let stage: Stage;
  beforeAll(async () => {
    // Its range is sent in two thirds of a second, and written to in less than half of one.
    stage = await Stage.make({ guestWalkBytes: 8 * 2 ** 20, guestPace: 5000 });
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  const throttled = { bandwidthBitsPerSecond: 100e6 };
  const thirdIteration = told('iteration', ({ iteration }) => iteration === 3);

  test('case 22: the operator raises the limits, and it arrives', async () => {
    const story = await stage.begin({ settings: throttled });
    story.at(thirdIteration, async () => {
      await story.migration.ask({
        command: 'change',
        by: 'anna',
        change: { downtimeLimitMs: 2000, bandwidthBitsPerSecond: 0 },
      });
    });
    await story.end();
    const { iterations } = await stage.application.record(story.id);
    expect(iterations.map(({ verdict }) => verdict)).toContainEqual(expect.stringMatching(/borderline|not-converging/));
    expect(await sevenChecks(story)).toEqual(doneOnDestination());
  });

  test('case 22: the operator gives up', async () => {
    const story = await stage.begin({ settings: throttled });
    story.at(thirdIteration, () => story.migration.ask({ command: 'cancel', by: 'anna' }));
    await story.end();
    expect(await sevenChecks(story)).toEqual(safeOnSource({ cause: /Cancelled by anna/ }));
  });
});
