import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { defaultSettings } from '#contract/default-settings.ts';
import { recordSchema } from '#contract/migration.ts';
import { test } from '#e2e/support/visit.ts';
import { move, type Visitor } from '#e2e/support/visitor.ts';

// What has been: found again, replayed, compared, taken along.

/** One over three paths, one by TCP, one that failed; returns the id of the first. */
async function fillHistory(visitor: Visitor): Promise<string> {
  const { host, page } = visitor;
  const mptcp = host.start(move());
  host.advance(60_000);
  host.start({ guest: 'web-11', from: 'hv-03', to: 'hv-07', settings: { ...defaultSettings, mptcp: 'off' } });
  host.advance(60_000);
  const failed = host.start({ ...move(), guest: 'cache-2', from: 'hv-04' });
  host.advance(3_000);
  host.failOnDestination(failed, 'qemu-system-x86_64: Size mismatch: pc.ram');
  await visitor.go('history');
  await page.getByRole('link', { name: 'cache-2' }).waitFor();
  return mptcp;
}

test('newest first; words and filters leave what fits', async ({ visitor }) => {
  await fillHistory(visitor);
  const { page } = visitor;
  const guests = () => page.getByRole('table', { name: 'Migrations' }).getByRole('link').allInnerTexts();
  expect(await guests()).toEqual(['cache-2', 'web-11', 'db-primary']);
  await page.getByLabel('Search the history').fill('hv-03');
  expect(await guests()).toEqual(['web-11', 'db-primary']);
  await page.getByLabel('Transport').selectOption('mptcp');
  expect(await guests()).toEqual(['db-primary']);
  await page.getByLabel('Outcome').selectOption('lost');
  await page.getByText('Nothing matches').waitFor();
});

test('a run is replayed: figures and table are those of the moment', async ({ visitor }) => {
  const id = await fillHistory(visitor);
  const { page, host } = visitor;
  await page.getByRole('link', { name: 'db-primary' }).click();
  const sent = () => page.getByRole('table', { name: 'Subflows' }).getByRole('row').nth(1).innerText();
  await expect.poll(sent).toMatch(/33\.\d GiB/);
  const moment = host.migration(id).samples[100];
  await page.getByRole('slider', { name: 'Moment of the run' }).fill(String(moment?.atEpochMs));
  const gibibytes = ((moment?.subflows[0]?.bytesSent ?? 0) / 2 ** 30).toFixed(1);
  await expect.poll(sent).toContain(`${gibibytes} GiB`);
  await page.getByRole('button', { name: 'Replay' }).click();
  await expect.poll(sent).not.toContain(`${gibibytes} GiB`);
});

test('a failure shows what happened, where the guest is and what to do; the raw error is under a fold', async ({
  visitor,
}) => {
  await fillHistory(visitor);
  const { page } = visitor;
  await page.getByRole('link', { name: 'cache-2' }).click();
  await page.getByText('Not migrated: cache-2 is safe on hv-04.').first().waitFor();
  const told = await page.locator('.sy-explanation').innerText();
  expect(told.split('\n').filter(Boolean)).toEqual([
    'What happened',
    expect.stringContaining('Size mismatch: pc.ram'),
    'When',
    'copying, on the destination (hv-07)',
    'Where the guest is',
    'Guest runs on the source (hv-04)',
    'What to do',
    'Fix what is named, then migrate again: nothing was lost.',
  ]);
  expect(await page.locator('.sy-raw').isVisible()).toBe(false);
});

test('two runs side by side, with the ratio of their figures', async ({ visitor }) => {
  await fillHistory(visitor);
  const { page } = visitor;
  await page.getByLabel(/^Mark web-11/).check();
  await page.getByLabel(/^Mark db-primary/).check();
  await page.getByRole('button', { name: 'Compare the two' }).click();
  const goodput = page.getByRole('row').filter({ hasText: 'Average goodput' });
  await goodput.waitFor();
  expect((await goodput.innerText()).split(/\t|\n/).filter(Boolean)).toEqual([
    'Average goodput',
    '9.19 Gbit/s',
    '21.5 Gbit/s',
    '2.34 ×',
  ]);
});

test.for(['html', 'log', 'csv', 'json'] as const)('the record goes out as .%s', async (format, { visitor }) => {
  const id = await fillHistory(visitor);
  const { page } = visitor;
  await visitor.go(`history/${id}`);
  await page.getByRole('button', { name: 'Export this migration' }).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('menuitem', { name: `.${format}` }).click(),
  ]);
  expect(download.suggestedFilename()).toBe(`switchyard-${id}.${format}`);
  const text = await readFile(await download.path(), 'utf8');
  expect(text).toContain(id);
});

test('the exported record is one that other programs can read', async ({ visitor }) => {
  const id = await fillHistory(visitor);
  const { page } = visitor;
  await page.getByLabel(/^Actions for db-primary/).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('menuitem', { name: '.json' }).click(),
  ]);
  const record = recordSchema.parse(JSON.parse(await readFile(await download.path(), 'utf8')));
  expect([record.id, record.outcome, record.samples.length]).toEqual([id, 'done-on-destination', 297]);
});
