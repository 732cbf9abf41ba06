import { setTimeout as sleep } from 'node:timers/promises';
import type { BitsPerSecond, Bytes, Milliseconds } from '#contract/units.ts';
import type { QmpClient } from '#main/qmp/client.ts';

const measuredSeconds = 1;
const askEveryMs: Milliseconds = 100;
/** QEMU reads the sampled pages twice; what it is asked to do in a busy moment may take it longer. */
const patienceMs: Milliseconds = 5000;

const gibibyte = 2 ** 30;
/** Enough for a per cent; of a large guest as many, so that measuring costs the same. */
const sampledPages = 8192;
/** What QEMU accepts per GiB (migration/dirtyrate.h, MIN_SAMPLE_PAGE_COUNT and MAX_SAMPLE_PAGE_COUNT). */
const [fewestPages, mostPages] = [128, 16_384];

/**
 * How fast a guest writes to its memory, by comparing a sample of its pages a second apart (`calc-dirty-rate`, QEMU 5.2).
 * Never by dirty bitmap: that crashes QEMU 7.2 under TCG. QEMU cuts fractions of a MiB per second off, so the result is the
 * most that it can have been; absent where QEMU comes to none.
 */
export async function measureDirtyRate(client: QmpClient, memoryBytes: Bytes): Promise<BitsPerSecond | undefined> {
  const perGibibyte = Math.round((sampledPages * gibibyte) / memoryBytes);
  await client.execute('calc-dirty-rate', {
    'calc-time': measuredSeconds,
    'sample-pages': Math.min(mostPages, Math.max(fewestPages, perGibibyte)),
  });
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += askEveryMs) {
    await sleep(askEveryMs);
    const info = await client.execute('query-dirty-rate');
    if (info.status === 'measured') return toBitsPerSecond(info['dirty-rate']);
    if (info.status === 'unstarted') return undefined;
  }
  return undefined;
}

/** QEMU answers -1 when it could not measure. */
function toBitsPerSecond(mebibytesPerSecond: number | undefined): BitsPerSecond | undefined {
  return mebibytesPerSecond === undefined || mebibytesPerSecond < 0
    ? undefined
    : (mebibytesPerSecond + 1) * 2 ** 20 * 8;
}
