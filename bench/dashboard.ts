import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { launchChromium } from '#e2e/support/chromium.ts';
import { FakeHost } from '#e2e/support/fake-host/fake-host.ts';
import { serveFake } from '#e2e/support/fake-host/fake-server.ts';
import { defaultSettings } from '#contract/default-settings.ts';
import { atMost, type Figure } from './figures.ts';

const frameMs = 1000 / 60;
/** Over three paths: eighteen subflows. */
const parallelConnections = 6;
/** Until the code is compiled and the charts, which show the last minute, are full. */
const warmUpMs = 70_000;
const collections = 3;

interface Measured {
  readonly frames: number;
  readonly skipped: number;
  readonly workP95Ms: number;
  readonly commits: number;
}

/**
 * The window's dashboard in Chromium, fed ten samples a second of sixteen subflows and more: whether it keeps up with the
 * screen, and whether it keeps still in memory. The arithmetic fake stands for main, so that the window alone is measured.
 */
export async function dashboard(forSeconds: number): Promise<Figure[]> {
  await build({ configFile: 'renderer.vite.config.ts', logLevel: 'warn' });
  const host = new FakeHost({ startEpochMs: Math.floor(Date.now() / 100) * 100 });
  host.start({
    guest: 'db-primary',
    from: 'hv-03',
    to: 'hv-07',
    // So slow that it does not end while it is measured.
    settings: { ...defaultSettings, parallelConnections, bandwidthBitsPerSecond: 100e6 },
  });
  await using server = await serveFake({ host });
  const browser = await launchChromium();
  const feed = new Feed(host);
  try {
    return await measure(browser, server.address, feed, forSeconds);
  } finally {
    feed.stop();
    await browser.close();
  }
}

/** Ten samples a second, as main sends them. */
class Feed {
  readonly #host: FakeHost;
  #ticking: NodeJS.Timeout | undefined;

  constructor(host: FakeHost) {
    this.#host = host;
    this.start();
  }

  start(): void {
    this.#ticking = setInterval(() => this.#host.advance(100), 100);
  }

  stop(): void {
    clearInterval(this.#ticking);
  }
}

async function measure(browser: Browser, address: string, feed: Feed, forSeconds: number): Promise<Figure[]> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 980 } });
  await page.goto(`${address}#/running`);
  await page.waitForTimeout(warmUpMs);
  const subflows = (await page.getByRole('table', { name: 'Subflows' }).getByRole('row').count()) - 1;
  const heapBefore = await heapBytes(page, feed);
  const { frames, skipped, workP95Ms, commits } = await watchFrames(page, forSeconds);
  const heapAfter = await heapBytes(page, feed);
  const what = `${subflows} subflows, 10 samples a second, ${forSeconds} s`;
  return [
    atMost('work of a frame, 95th percentile, to what it may take', workP95Ms / frameMs, 1, what),
    atMost('frames skipped, of all', skipped / (frames + skipped), 0.005, `${frames} frames`),
    atMost('heap after to before', heapAfter / heapBefore, 1.2, `${(heapBefore / 1e6).toFixed(1)} MB before`),
    atMost('changes of the table a second', commits / forSeconds, 2.1, 'tables follow at a reading pace'),
  ];
}

/** A frame's work: from its animation callbacks to the first task after it has been painted. */
function watchFrames(page: Page, forSeconds: number): Promise<Measured> {
  return page.evaluate<Measured>(`new Promise((done) => {
    const [starts, works] = [[], []];
    const afterPaint = new MessageChannel();
    afterPaint.port1.onmessage = ({ data }) => works.push(performance.now() - data);
    let commits = 0;
    const table = document.querySelector('[aria-label="Subflows"] tbody');
    const watched = new MutationObserver(() => (commits += 1));
    watched.observe(table, { subtree: true, characterData: true, childList: true });
    const end = performance.now() + ${forSeconds * 1000};
    const frame = (at) => {
      starts.push(at);
      afterPaint.port2.postMessage(performance.now());
      if (at < end) return requestAnimationFrame(frame);
      const skipped = starts.slice(1).map((start, i) => Math.round((start - starts[i]) / ${frameMs}) - 1);
      works.sort((one, other) => one - other);
      // Or what has been measured stays in the heap that is measured next.
      afterPaint.port1.close();
      watched.disconnect();
      done({
        frames: starts.length,
        skipped: skipped.reduce((sum, count) => sum + Math.max(0, count), 0),
        workP95Ms: works[Math.floor(works.length * 0.95)],
        commits,
      });
    };
    requestAnimationFrame(frame);
  })`);
}

/** What is held while nothing happens: each frame leaves garbage of its own, and one collection does not get all of it. */
async function heapBytes(page: Page, feed: Feed): Promise<number> {
  feed.stop();
  await page.waitForTimeout(1000);
  const session = await page.context().newCDPSession(page);
  for (let time = 0; time < collections; time += 1) await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  feed.start();
  return usedSize;
}
