import { expect } from 'vitest';
import { test } from '#e2e/support/visit.ts';

// The newcomer's first minute.

test('make a lab, migrate, cut a cable beside the chart, restore it, arrive', async ({ visitor }) => {
  const { page } = visitor;
  await page.getByRole('link', { name: 'Lab' }).click();
  await page.getByRole('button', { name: 'Make a lab' }).click();
  await page.getByRole('button', { name: 'Migrate lab-guest to lab-destination' }).click();
  const migrate = page.getByRole('button', { name: 'Migrate', exact: true });
  await page.getByText('From lab-source to lab-destination.').waitFor();
  await expect.poll(() => migrate.isEnabled()).toBe(true);
  await migrate.click();
  await page.getByRole('heading', { name: 'lab-guest' }).waitFor();
  await visitor.pass(4_000);

  await page.getByRole('button', { name: 'Cut link 1' }).click();
  await visitor.pass(1_000);
  const row = page.getByRole('table', { name: 'Subflows' }).getByRole('row').filter({ hasText: 'sy1' });
  await row.getByText('stale').waitFor();
  await page.getByRole('button', { name: 'Restore link 1' }).click();
  await visitor.pass(1_000);
  await row.getByText('active · rejoined').waitFor();

  await visitor.pass(60_000, 2_000);
  await page.getByText('Done: lab-guest is on lab-destination.').first().waitFor();
  await visitor.go('lab');
  await page.getByRole('button', { name: 'Migrate lab-guest to lab-source' }).waitFor();
});

test('a lab is removed after a question', async ({ visitor }) => {
  const { page } = visitor;
  await visitor.go('lab');
  await page.getByRole('button', { name: 'Make a lab' }).click();
  await page.getByRole('button', { name: 'Remove the lab' }).click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect.poll(() => page.getByText('See a real migration within a minute').count()).toBe(1);
});
