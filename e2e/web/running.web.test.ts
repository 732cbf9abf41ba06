import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { test } from '#e2e/support/visit.ts';
import { move, type Visitor } from '#e2e/support/visitor.ts';

// A migration while it runs: what the operator sees, and what they can do.

async function watching(visitor: Visitor, afterMs = 5_000, settings = {}): Promise<string> {
  const id = visitor.host.start(move(settings));
  await visitor.go('running');
  await visitor.pass(afterMs);
  await subflows(visitor.page).getByText('active').first().waitFor();
  return id;
}

function subflows(page: Page): ReturnType<Page['getByRole']> {
  return page.getByRole('table', { name: 'Subflows' });
}

/** How much of the chart's canvas has each of the first three paths' colours, counted in its left and its right half. */
function painted(page: Page): Promise<number[]> {
  return page.evaluate<number[]>(`(() => {
    const canvas = document.querySelector('canvas');
    const areas = [[51, 133, 214], [111, 176, 101], [240, 149, 57]];
    const near = (one, other) => one.every((value, index) => Math.abs(value - other[index]) < 12);
    const half = Math.floor(canvas.width / 2);
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    return [0, half].flatMap((left) => {
      const { data } = copy.getImageData(left, 0, half, canvas.height);
      const counts = areas.map(() => 0);
      for (let at = 0; at < data.length; at += 4 * 7) {
        const area = areas.findIndex((colour) => near(colour, [...data.slice(at, at + 3)]));
        if (area >= 0) counts[area] += 1;
      }
      return counts;
    });
  })()`);
}

test('a lost link: its subflow and a sentence show it, the migration continues and the path comes back', async ({
  visitor,
}) => {
  const { page, host } = visitor;
  await watching(visitor);

  host.cut('eth1');
  await visitor.pass(1_500);
  await subflows(page).getByRole('row').filter({ hasText: 'eth1' }).getByText('stale').waitFor();
  await page.getByText('eth1 lost (no carrier); traffic moved to eth0 and eth2.').waitFor();

  host.restore('eth1');
  await visitor.pass(1_500);
  await subflows(page).getByText('active · rejoined').waitFor();
  await visitor.pass(40_000, 2_000);
  await page.getByText('Done: db-primary is on hv-07.').first().waitFor();
  expect(await page.getByText(/Over its strongest path alone/).innerText()).toMatch(/about 3\d s longer/);
});

test('every path has its colour in the chart, also after a reload in mid-run', async ({ visitor }) => {
  const { page } = visitor;
  await watching(visitor, 15_000);
  const before = await painted(page);

  await page.reload();
  await subflows(page).getByText('active').first().waitFor();
  await visitor.pass(500);

  const after = await painted(page);
  expect(before.every((count) => count > 100)).toBe(true);
  expect(after.every((count, index) => count > 0.8 * (before[index] ?? 0))).toBe(true);
});

test('progress stays below 100 % until it is done', async ({ visitor }) => {
  const { page } = visitor;
  await watching(visitor);
  const bar = page.getByRole('progressbar', { name: 'Memory that is already on the destination' });
  const seen = new Set<number>();
  while ((await bar.count()) > 0) {
    seen.add(Number(await bar.getAttribute('aria-valuenow').catch(() => 0)));
    await visitor.pass(1_000);
  }
  expect(Math.max(...seen)).toBeLessThanOrEqual(99);
  expect(Math.max(...seen)).toBeGreaterThan(60);
});

test('cancel asks first; then the guest is where it was', async ({ visitor }) => {
  const { page } = visitor;
  await watching(visitor);
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  await page.getByRole('button', { name: 'Let it continue' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  await page.getByRole('button', { name: 'Cancel the migration' }).click();
  await page.getByText('Cancel requested by ada.').waitFor();
  await visitor.pass(500);
  await page.getByText('Not migrated: db-primary is safe on hv-03.').first().waitFor();
  expect(await page.getByText('Guest runs on the source (hv-03)').count()).toBeGreaterThan(0);
});

test('limits change while it runs, and what holds now is shown', async ({ visitor }) => {
  const { page } = visitor;
  await watching(visitor);
  await page.getByRole('button', { name: 'Change the bandwidth limit, now none' }).click();
  await page.getByRole('textbox', { name: 'Bandwidth limit' }).fill('5gbit');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Change the bandwidth limit, now 5 Gbit/s' }).waitFor();
  await visitor.pass(2_000);
  await page.getByText('ada set the bandwidth limit to 5 Gbit/s.').waitFor();
  await expect.poll(() => page.locator('.sy-panel-aside strong').first().innerText()).toBe('5 Gbit/s');
});

test('a path is paused and resumed; what is not possible now is disabled and shows why', async ({ visitor }) => {
  const { page } = visitor;
  await watching(visitor);
  const act = async (action: string): Promise<void> => {
    await page.getByRole('button', { name: 'Actions for eth2' }).click();
    await page.getByRole('menuitem', { name: action }).click();
    await visitor.pass(1_000);
  };
  const eth2 = subflows(page).getByRole('row').filter({ hasText: 'eth2' });
  await act('Pause: keep it as backup');
  await eth2.getByText('backup').waitFor();
  await act('Resume');
  await eth2.getByText('active').waitFor();
  expect(await page.getByRole('button', { name: 'Start post-copy' }).isDisabled()).toBe(true);
  await page.getByText('Post-copy was not allowed when this migration was started.').waitFor();
});

test('the line to main breaks: the window shows it, comes back, and has what it missed', async ({ visitor }) => {
  const { page, host } = visitor;
  await watching(visitor, 10_000);
  visitor.breakLine();
  await page.getByText('The connection to Switchyard is lost').waitFor();
  host.advance(5_000);
  await page.getByText('The connection to Switchyard is lost').waitFor({ state: 'detached' });
  await visitor.pass(500);
  await subflows(page).getByText('active').first().waitFor();
  await expect.poll(async () => (await painted(page)).every((count) => count > 100)).toBe(true);
  // Samples at 10 Hz from the first to now, the missing ones among them: all paths add up in the table.
  await expect.poll(() => subflows(page).getByRole('row').nth(1).innerText()).toMatch(/1[67]\.\d GiB/);
});

test('tables change at most twice a second while frames come ten times', async ({ visitor }) => {
  const { page } = visitor;
  await watching(visitor, 3_000, { parallelConnections: 6 });
  // One commit's changes are reported together.
  await page.evaluate(`(() => {
    globalThis.commits = 0;
    const table = document.querySelector('[aria-label="Subflows"] tbody');
    new MutationObserver(() => (globalThis.commits += 1)).observe(table, { subtree: true, characterData: true, childList: true });
  })()`);
  const began = performance.now();
  for (let frame = 0; frame < 40; frame += 1) {
    visitor.host.advance(100);
    await page.waitForTimeout(60);
  }
  const seconds = (performance.now() - began) / 1000;
  const commits = await page.evaluate<number>('globalThis.commits');
  expect(await subflows(page).getByRole('row').count()).toBe(1 + 18);
  expect(commits).toBeGreaterThan(2);
  expect(commits).toBeLessThanOrEqual(2 * seconds + 2);
});

test('a migration that no process manages shows it, and is taken up', async ({ visitor }) => {
  const { page, host } = visitor;
  const id = await watching(visitor);
  host.abandon(id);
  await page.getByText('No process manages this migration').waitFor();
  expect(await page.getByRole('button', { name: 'Cancel', exact: true }).isDisabled()).toBe(true);
  await page.getByText('No process manages it: take it up first.').first().waitFor();

  await page.getByRole('button', { name: 'Take it up' }).click();

  await page.getByText('No process manages this migration').waitFor({ state: 'detached' });
  await expect.poll(() => page.getByRole('button', { name: 'Cancel', exact: true }).isEnabled()).toBe(true);
});

test('a guest that its destination refuses to start is returned to the source, once its name is typed', async ({
  visitor,
}) => {
  const { page, host } = visitor;
  const id = await watching(visitor);
  host.refuseToStart(id, 'Could not open disk.img: Permission denied');
  await page.getByRole('button', { name: /^Return it to / }).click();
  await visitor.picture('go-back');
  const confirm = page.getByRole('dialog').getByRole('button', { name: /^Return it to / });
  expect(await confirm.isDisabled()).toBe(true);
  await page.getByRole('dialog').getByRole('textbox').fill(host.migration(id).plan.guest.name);
  await confirm.click();
  await page.getByRole('heading', { name: /^Not migrated: .* is safe on / }).waitFor();
});
