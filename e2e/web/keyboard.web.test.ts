import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { defaultSettings } from '#contract/default-settings.ts';
import { test } from '#e2e/support/visit.ts';

// With the keyboard alone.

/** What the focus is on, as it is called. */
function focused(page: Page): Promise<string> {
  return page.evaluate<string>(`(() => {
    const element = document.activeElement;
    const label = element.getAttribute('aria-labelledby');
    return element.getAttribute('aria-label') ?? (label ? document.getElementById(label) : element).textContent;
  })()`);
}

async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press('Tab');
    if ((await focused(page)).trim() === name) return;
  }
  throw new Error(`Tab never came to “${name}”`);
}

test('a migration is started and cancelled', async ({ visitor }) => {
  const { page } = visitor;
  await page.getByText('3 paths · 22.5 Gbit/s').waitFor();

  await tabTo(page, 'db-primary');
  await page.keyboard.press('ArrowDown');
  expect((await focused(page)).trim()).toBe('web-11');
  await tabTo(page, 'hv-04');
  await page.keyboard.press('ArrowDown');
  await page.getByText('hv-07 announces').waitFor();
  await expect.poll(() => page.getByRole('button', { name: 'Migrate', exact: true }).isEnabled()).toBe(true);
  await tabTo(page, 'Migrate');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'web-11' }).waitFor();
  await visitor.pass(1_000);

  await tabTo(page, 'Cancel');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await tabTo(page, 'Cancel the migration');
  await page.keyboard.press('Enter');
  await visitor.pass(500);
  await page.getByText('Not migrated: web-11 is safe on hv-03.').first().waitFor();
});

test('the first stop leads past the screens to the content', async ({ visitor }) => {
  const { page } = visitor;
  await page.getByRole('heading', { name: 'Migrate a guest' }).waitFor();
  await page.keyboard.press('Tab');
  expect(await focused(page)).toBe('Skip to content');
  await page.keyboard.press('Enter');
  expect(await page.evaluate('document.activeElement.id')).toBe('content');
  expect(page.url()).toMatch(/#\/migrate$/);
});

test('Escape closes what has opened: a menu, a question', async ({ visitor }) => {
  const { page } = visitor;
  visitor.host.start({
    guest: 'web-11',
    from: 'hv-03',
    to: 'hv-07',
    settings: defaultSettings,
  });
  await visitor.go('running');
  await visitor.pass(1_000);
  await page.getByRole('button', { name: 'Actions for eth0' }).press('Enter');
  await page.getByRole('menuitem').first().waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('menuitem').first().waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Cancel', exact: true }).press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
});
