import { describe, expect } from 'vitest';
import { defaultSettings } from '#contract/default-settings.ts';
import { test } from '#e2e/support/visit.ts';
import { move, type Theme, type Visitor } from '#e2e/support/visitor.ts';

// Every screen in both themes: accessible, without an objection of the browser, and a picture of it.

type Scene = readonly [name: string, show: (visitor: Visitor) => Promise<void>];

const scenes: readonly Scene[] = [
  [
    'migrate',
    async ({ page }) => {
      await page.getByText('hv-07', { exact: true }).click();
      await page.getByText('hv-07 announces 1 of 2 extra addresses.').waitFor();
    },
  ],
  [
    'migrate-refused',
    async ({ page }) => {
      await page.getByText('hv-02', { exact: true }).click();
      await page.getByText('One check stands in the way').waitFor();
    },
  ],
  [
    'review',
    async ({ page }) => {
      await page.getByRole('button', { name: 'Review QMP' }).click();
      await page.getByText('"execute":"migrate"').waitFor();
      // The drawer slides in.
      await page.waitForTimeout(400);
    },
  ],
  [
    'nothing-running',
    async (visitor) => {
      await visitor.go('running');
      await visitor.page.getByText('No migration is running').waitFor();
    },
  ],
  ['running', showRunning],
  [
    'running-several',
    async (visitor) => {
      visitor.host.start(move());
      visitor.host.start({ ...move(), guest: 'cache-2', from: 'hv-04' });
      await visitor.go('running');
      await visitor.pass(6_000);
      await visitor.page.getByText('2 migrations are running').waitFor();
    },
  ],
  [
    'cancel',
    async (visitor) => {
      await showRunning(visitor);
      await visitor.page.getByRole('button', { name: 'Cancel', exact: true }).click();
      await visitor.page.getByRole('dialog').waitFor();
    },
  ],
  [
    'result',
    async (visitor) => {
      await showRunning(visitor);
      await visitor.pass(20_000);
      await visitor.page.getByText('Done: db-primary is on hv-07.').first().waitFor();
    },
  ],
  [
    'failed',
    async (visitor) => {
      const id = visitor.host.start(move(), { fallback: true });
      visitor.host.advance(3_000);
      visitor.host.failOnDestination(
        id,
        "qemu-system-x86_64: Unknown savevm section or instance '0000:00:03.0/virtio-net' 0\nqemu-system-x86_64: load of migration failed: Invalid argument",
      );
      await visitor.go(`history/${id}`);
      await visitor.page.getByRole('button', { name: 'The error in QEMU' }).click();
      await visitor.page.getByText('load of migration failed').waitFor();
    },
  ],
  [
    'replay',
    async (visitor) => {
      const id = visitor.host.start(move());
      visitor.host.advance(60_000);
      await visitor.go(`history/${id}`);
      await visitor.page
        .getByRole('slider', { name: 'Moment of the run' })
        .fill(String(visitor.host.migration(id).samples[100]?.atEpochMs));
      await visitor.page.getByText('0:10 / 0:30').waitFor();
    },
  ],
  [
    'history',
    async (visitor) => {
      fillHistory(visitor);
      await visitor.go('history');
      await visitor.page.getByRole('link', { name: 'cache-2' }).waitFor();
    },
  ],
  [
    'compare',
    async (visitor) => {
      fillHistory(visitor);
      await visitor.go('history');
      await visitor.page.getByLabel(/^Mark web-11/).check();
      await visitor.page.getByLabel(/^Mark db-primary/).check();
      await visitor.page.getByRole('button', { name: 'Compare the two' }).click();
      await visitor.page.getByText('Average goodput').waitFor();
    },
  ],
  [
    'hosts',
    async (visitor) => {
      await visitor.go('hosts');
      await visitor.page.getByText('net.mptcp.enabled is 0.').waitFor();
    },
  ],
  [
    'hosts-edit',
    async (visitor) => {
      await visitor.go('hosts');
      const { page } = visitor;
      await page.getByRole('button', { name: 'Edit the MPTCP settings of hv-03' }).click();
      await page.getByRole('button', { name: 'Further subflows: one more' }).click();
      await page.getByRole('button', { name: 'Add endpoint' }).click();
      await page.getByText('ip mptcp endpoint add 10.0.0.3 dev eth0 signal').waitFor();
    },
  ],
  ['lab-empty', (visitor) => visitor.go('lab')],
  [
    'lab',
    async (visitor) => {
      await visitor.go('lab');
      const { page } = visitor;
      await page.getByRole('button', { name: 'Make a lab' }).click();
      await page.getByRole('button', { name: 'Cut link 1' }).click();
      await page.getByRole('button', { name: 'Verify the memory' }).click();
      await page.getByText('The memory is whole').waitFor();
    },
  ],
  [
    'settings',
    async (visitor) => {
      await visitor.go('settings');
      await visitor.page.getByText('started by ada').waitFor();
    },
  ],
];

describe.each<Theme>(['light', 'dark'])('in the %s theme', (theme) => {
  test.override({ theme });
  for (const [name, show] of scenes) {
    test(name, async ({ visitor }) => {
      await show(visitor);
      await visitor.picture(`${name}-${theme}`);
      expect(await visitor.barriers()).toEqual([]);
    });
  }
});

async function showRunning(visitor: Visitor): Promise<void> {
  visitor.host.start(move());
  await visitor.go('running');
  await visitor.pass(20_000);
  visitor.host.cut('eth1');
  await visitor.pass(2_500);
  visitor.host.restore('eth1');
  await visitor.pass(5_500);
  await visitor.page.getByText('active · rejoined').waitFor();
}

function fillHistory({ host }: Visitor): void {
  host.start(move());
  host.advance(60_000);
  host.start({ guest: 'web-11', from: 'hv-03', to: 'hv-07', settings: { ...defaultSettings, mptcp: 'off' } });
  host.advance(60_000);
  const failing = host.start({ ...move(), guest: 'cache-2', from: 'hv-04' });
  host.advance(3_000);
  host.failOnDestination(failing, 'qemu-system-x86_64: Size mismatch: pc.ram');
}
