import { expect } from 'vitest';
import { test } from '#e2e/support/visit.ts';
import { move } from '#e2e/support/visitor.ts';

// The first screen: from a wish to a guest that moves.

test('the repeat case is one click: the guest that was moved last is chosen, and the way back', async ({ visitor }) => {
  const { page, host } = visitor;
  await page.getByText('hv-07', { exact: true }).click();
  await page.getByRole('button', { name: 'Migrate', exact: true }).click();
  await page.getByRole('heading', { name: 'db-primary' }).waitFor();
  host.advance(60_000);
  await page.getByText('Done: db-primary is on hv-07.').first().waitFor();
  await visitor.go('migrate');
  await page.reload();

  await page.getByRole('button', { name: 'Migrate', exact: true }).click();

  await page.getByText('Copying memory').or(page.getByText('Preparing the destination')).waitFor();
  expect(await page.locator('.sy-route').innerText()).toMatch(/hv-07\s+to\s+hv-03/);
});

test('what cannot be chosen stays in sight and shows why', async ({ visitor }) => {
  const { page, host } = visitor;
  host.start({ ...move(), guest: 'cache-2', from: 'hv-04' });
  await page.getByText('Is being moved now').waitFor();
  const impossible = await page
    .getByRole('radio', { disabled: true })
    .evaluateAll((radios) => radios.map((radio) => radio.closest('label')?.innerText.replaceAll('\n', ' ')));
  expect(impossible).toEqual([
    expect.stringMatching(/^win-ad Has no QMP socket/),
    expect.stringMatching(/^cache-2 Is being moved now/),
    'hv-03 The guest is here.',
    'hv-11 Has no QEMU that could be started.',
  ]);
});

test('without Multipath TCP one path is used, and the forecast is of that one', async ({ visitor }) => {
  const { page } = visitor;
  await page.getByText('3 paths · 22.5 Gbit/s').waitFor();
  await page.getByText(/^Forecast: about 30 s/).waitFor();

  await page.locator('label').filter({ hasText: 'Multipath TCP' }).click();

  await page.getByText('1 path · 10 Gbit/s').waitFor();
  await page.getByText(/^Forecast: about 1:\d\d min/).waitFor();
  expect(await page.getByText('not used by plain TCP').count()).toBe(2);
});

test('paths are measured on request, and each shows what was found out and when', async ({ visitor }) => {
  const { page } = visitor;
  await page.getByText('3 paths · 22.5 Gbit/s').waitFor();
  const before = await page.getByText('measured just now').count();

  await page.getByRole('button', { name: 'Probe paths' }).click();

  await page.getByText('measured just now').first().waitFor();
  expect([before, await page.getByText(/measured just now: .*bit\/s, RTT 0\.2 ms/).count()]).toEqual([0, 3]);
});

test('an error keeps the button shut until it is accepted, where it may be', async ({ visitor }) => {
  const { page } = visitor;
  const migrate = page.getByRole('button', { name: 'Migrate', exact: true });
  await page.getByText('hv-02', { exact: true }).click();
  await page.getByText('One check stands in the way').waitFor();
  expect(await migrate.isDisabled()).toBe(true);

  await page.getByLabel('Continue although this check fails').check();

  await page.getByText('One check stands in the way').waitFor({ state: 'detached' });
  await expect.poll(() => migrate.isEnabled()).toBe(true);
});

test('“require” turns what was a warning into an error, with the command that fixes it', async ({ visitor }) => {
  const { page } = visitor;
  await page.getByText('hv-09', { exact: true }).click();
  await page.getByText('Warning: ').waitFor({ state: 'attached' });

  await page.getByLabel('When the other side does not speak Multipath TCP').selectOption('require');

  await page.getByText('Error: ').waitFor({ state: 'attached' });
  expect(await page.locator('.sy-command code').innerText()).toBe('sysctl -w net.mptcp.enabled=1');
});

test('settings are remembered by the window; a number without its unit is not taken', async ({ visitor }) => {
  const { page } = visitor;
  const open = () => page.getByRole('button', { name: 'Downtime limit, bandwidth' }).click();
  await open();
  const field = page.getByLabel('Downtime limit', { exact: true });
  await field.fill('500');
  await page.getByText('Write it with its unit: 300ms or 2s.').waitFor();
  await field.fill('500ms');
  await field.press('Enter');
  await page.getByText('Copy until 500 ms are left').waitFor();

  await page.reload();

  await expect.poll(() => page.getByText('Copy until 500 ms are left').count()).toBe(1);
});

test('the review shows what each QEMU will be sent, in order', async ({ visitor }) => {
  const { page } = visitor;
  await page.getByRole('button', { name: 'Review QMP' }).click();
  const sides = page.locator('.sy-review-side');
  await sides.first().waitFor();
  expect(await sides.allInnerTexts()).toEqual(['Destination', 'Source', 'Destination', 'Source']);
  expect(await page.locator('.sy-review pre').nth(1).innerText()).toContain('"migrate-incoming"');
});

test('a QEMU that waits on a host can be the destination', async ({ visitor }) => {
  const { page, host } = visitor;
  await page.getByText('hv-07: db-standby, which waits').click();
  await page.getByText('hv-07 announces').waitFor();
  await page.getByRole('button', { name: 'Migrate', exact: true }).click();
  await page.getByRole('heading', { name: 'db-primary' }).waitFor();
  const { plan } = host.migration(page.url().slice(page.url().lastIndexOf('/') + 1));
  expect([plan.destination.id, plan.waiting?.guest.name]).toEqual(['hv-07', 'db-standby']);
});

test('a path that is left out stays in sight, changes sum and forecast, and is remembered for these two hosts', async ({
  visitor,
}) => {
  const { page } = visitor;
  await page.getByText('3 paths · 22.5 Gbit/s').waitFor();

  await page.getByLabel('Use eth2').uncheck();

  await page.getByText('2 paths · 20 Gbit/s').waitFor();
  await page.getByText('(left out)').waitFor();
  await page.getByText('Remembered for hv-03 to hv-04: without eth2.').waitFor();
  await visitor.picture('migrate-left-out');
  await page.reload();
  await page.getByText('2 paths · 20 Gbit/s').waitFor();
  await page.getByText('212 GiB free').click();
  await page.getByText('3 paths · 22.5 Gbit/s').waitFor();
  await page.getByText('120 GiB free').click();
  await page.getByText('2 paths · 20 Gbit/s').waitFor();

  await page.getByRole('button', { name: 'Use all paths' }).click();

  await page.getByText('3 paths · 22.5 Gbit/s').waitFor();
  expect(await page.getByText('Remembered for').count()).toBe(0);
});

test('the connection begins on the path that the operator marks, also by plain TCP', async ({ visitor }) => {
  const { page, host } = visitor;
  await page.locator('label').filter({ hasText: 'Multipath TCP' }).click();
  await page.getByText('1 path · 10 Gbit/s').waitFor();

  await page.getByLabel('Begin on eth2').check();

  await page.getByText('1 path · 2.5 Gbit/s').waitFor();
  await page.getByRole('button', { name: 'Migrate', exact: true }).click();
  await page.getByRole('heading', { name: 'db-primary' }).waitFor();
  const { plan } = host.migration(page.url().slice(page.url().lastIndexOf('/') + 1));
  expect([plan.settings.pathChoice, plan.paths[0]?.sourceInterface]).toEqual([{ first: 'eth2' }, 'eth2']);
});

test('the last path cannot be left out, and what is not a path is listed with the reason', async ({ visitor }) => {
  const { page } = visitor;
  await page.getByLabel('Use eth0').uncheck();
  await page.getByText('2 paths · 12.5 Gbit/s').waitFor();
  await page.getByLabel('Use eth1').uncheck();
  await page.getByText('1 path · 2.5 Gbit/s').waitFor();

  await page.getByRole('button', { name: 'Not used: 1' }).click();

  await page.getByText('docker0 of hv-03 has no port that leads out of the host.').waitFor();
  expect(await page.getByLabel('Use eth2').isDisabled()).toBe(true);
});
