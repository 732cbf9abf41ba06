import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { whyNoLabs } from '#lab/testing/requirements.ts';
import { tell } from '#e2e/support/stage/back-door.ts';
import { doneOnDestination, lost, safeOnSource, stoppedOnSource, told } from '#e2e/support/stage/expectations.ts';
import { died, done, intended, seen, switchingOver } from '#e2e/support/stage/moments.ts';
import { cutMonitor, type MonitorHolder } from '#e2e/support/stage/monitor-holder.ts';
import { sevenChecks } from '#e2e/support/stage/seven-checks.ts';
import { Stage } from '#e2e/support/stage/stage.ts';
import { LocalHost } from '#main/hosts/local-host.ts';

const reason = await whyNoLabs();

/** Nearly everything is left to be sent when the guest stops: half a second, in which it can be cut off. */
const longSwitchover = { downtimeLimitMs: 700 };
const watchdogMs = 3 * longSwitchover.downtimeLimitMs;

/** The source's kernel shows no connection: so its peer is not proven, and the source waits before the switchover. */
function hideConnections(): Disposable {
  const spy = vi.spyOn(LocalHost.prototype, 'connectionEnds').mockResolvedValue([]);
  return { [Symbol.dispose]: () => spy.mockRestore() };
}
const preSwitchover = seen('source', { migration: 'pre-switchover' });

describe.skipIf(reason !== '')(`switchover${reason}`, () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.make({ linkRatesBitsPerSecond: [100e6, 100e6] });
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  test('case 25: the operator cancels before it', async () => {
    const hidden = hideConnections();
    const story = await stage.begin();
    story.at(preSwitchover, () => story.migration.ask({ command: 'cancel', by: 'anna' }));
    await story.end();
    hidden[Symbol.dispose]();
    expect(await sevenChecks(story)).toEqual(safeOnSource({ cause: /Cancelled by anna/ }));
  });

  test('case 26: the destination is killed before it', async () => {
    const hidden = hideConnections();
    const story = await stage.begin();
    story.at(preSwitchover, () => void process.kill(story.destinationPid, 'SIGKILL'));
    await story.end();
    hidden[Symbol.dispose]();
    expect(await sevenChecks(story)).toEqual(safeOnSource({}));
  });

  test.each(['down', 'silent'] as const)('case 27: all links go %s', async (how) => {
    const story = await stage.begin({ settings: longSwitchover });
    let cutAtMs = 0;
    story.at(switchingOver, () => {
      stage.network.cut(how);
      cutAtMs = performance.now();
    });
    await story.end();
    const backAfterMs = performance.now() - cutAtMs;
    stage.network.restore();
    expect(backAfterMs).toBeLessThan(watchdogMs + 3000);
    expect(await sevenChecks(story)).toEqual(safeOnSource({ cause: /Nothing moved/ }));
  });

  test('case 28: the destination dies after it', async () => {
    const story = await stage.begin();
    // The source's word comes after the death: the other way round it cannot be known whether the destination has run.
    let word: MonitorHolder | undefined;
    story.at(switchingOver, () => {
      word = cutMonitor(stage.copyWith(story.sourcePid));
    });
    story.at(seen('destination', { migration: 'completed' }), () => void process.kill(story.destinationPid, 'SIGKILL'));
    story.at(died('destination'), () => word?.[Symbol.dispose]());
    await story.end();
    let back: string | undefined;
    const goBack = async (): Promise<void> => {
      story.goOn(await stage.application.takeUpTo(story.id, 'go-back'));
      back = (await story.end()).outcome;
    };
    expect(await sevenChecks(story, goBack)).toEqual(
      stoppedOnSource({
        side: 'destination',
        cause: /ended after the source had handed the guest over/,
        next: /switchyard go-back/,
      }),
    );
    expect(back).toBe('safe-on-source');
  });

  test('case 28: the destination dies as it is sent `cont`', async () => {
    const story = await stage.begin();
    story.at(intended('resume-destination'), () => void process.kill(story.destinationPid, 'SIGKILL'));
    await story.end();
    expect(await sevenChecks(story, () => stage.remove(story.sourcePid), 'the guest is lost')).toEqual({
      ...lost({ side: 'destination', cause: /had arrived .* ended there/, next: /Never resume the old copy/ }),
      copies: ['source: postmigrate'],
    });
  });

  test('case 29: another program resumes the source while the destination runs', async () => {
    const story = await stage.begin();
    story.at(done('resume-destination'), () => void tell(story.sourcePid, 'cont'));
    await story.end();
    expect(await sevenChecks(story, () => stage.remove(story.sourcePid), 'an outsider resumes a copy')).toEqual({
      ...doneOnDestination(),
      twice: [expect.stringMatching(/ran after/)],
      copies: ['destination: running', 'source: running'],
      told: told('unknown', 'unknown', { cause: /BOTH copies/, next: /end the other by hand/ }),
    });
  });
});
