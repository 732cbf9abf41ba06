import type { Locator } from 'playwright-core';
import { expect } from 'vitest';
import { test } from '#e2e/support/visit.ts';
import { move, type Visitor } from '#e2e/support/visitor.ts';

// A host's MPTCP endpoints and limits: seen as a command, then applied.

async function edit(visitor: Visitor, host = 'hv-03'): Promise<Locator> {
  await visitor.go('hosts');
  await visitor.page.getByRole('button', { name: `Edit the MPTCP settings of ${host}` }).click();
  return visitor.page.getByRole('region', { name: `MPTCP settings of ${host}` });
}

/** The rows of the table, as they read. */
async function endpoints(editor: Locator): Promise<string[]> {
  const rows = await editor.getByRole('table').getByRole('row').allInnerTexts();
  return rows.slice(1).map((row) => row.trim().replaceAll(/\s+/g, ' '));
}

test('limits: the command stands there before it is applied, and what holds afterwards', async ({ visitor }) => {
  const editor = await edit(visitor);
  await editor.getByRole('button', { name: 'Further subflows: one more' }).click();
  await editor.getByRole('spinbutton', { name: 'Addresses accepted' }).fill('12');
  await editor.getByText('ip netns exec hv-03 ip mptcp limits set subflows 3 add_addr_accepted 8').waitFor();
  await editor.getByRole('button', { name: 'Copy the command' }).waitFor();
  await editor.getByRole('button', { name: 'Apply' }).click();
  const facts = visitor.page.getByLabel('Facts about hv-03');
  await facts.getByText('3 subflows').waitFor();
  await facts.getByText('8 addresses accepted').waitFor();
  await expect.poll(() => editor.getByRole('button', { name: 'Apply' }).count()).toBe(0);
});

test('an endpoint is added, marked as backup, and removed', async ({ visitor }) => {
  const { page } = visitor;
  const editor = await edit(visitor);
  await editor.getByRole('button', { name: 'Add endpoint' }).click();
  const form = editor.getByRole('form', { name: 'Add an endpoint to hv-03' });
  expect(await form.getByRole('combobox', { name: 'Address' }).locator('option').allInnerTexts()).toEqual([
    '10.0.0.3 on eth0',
  ]);
  await form.getByRole('textbox', { name: 'Port' }).fill('4444');
  await form.getByText('ip netns exec hv-03 ip mptcp endpoint add 10.0.0.3 dev eth0 signal port 4444').waitFor();
  await form.getByRole('button', { name: 'Apply' }).click();
  await expect
    .poll(() => endpoints(editor))
    .toEqual(['1 10.0.1.3 eth1 signal', '2 172.16.9.3 eth2 signal', '3 10.0.0.3 eth0 signal port 4444']);

  await editor.getByRole('button', { name: 'Actions for endpoint 3 (10.0.0.3)' }).click();
  await page.getByRole('menuitem', { name: 'Mark as backup' }).click();
  await editor.getByText('ip netns exec hv-03 ip mptcp endpoint change id 3 backup').waitFor();
  await editor.getByRole('button', { name: 'Apply' }).click();
  await editor.getByRole('row', { name: '3 10.0.0.3 eth0 signal backup port 4444' }).waitFor();

  await editor.getByRole('button', { name: 'Actions for endpoint 3 (10.0.0.3)' }).click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  await editor.getByText('ip netns exec hv-03 ip mptcp endpoint delete id 3').waitFor();
  await editor.getByRole('button', { name: 'Apply' }).click();
  await expect.poll(() => endpoints(editor)).toEqual(['1 10.0.1.3 eth1 signal', '2 172.16.9.3 eth2 signal']);
});

test('what the kernel would refuse cannot be chosen, and shows why', async ({ visitor }) => {
  const editor = await edit(visitor);
  await editor.getByRole('button', { name: 'Add endpoint' }).click();
  const [signal, subflow, fullmesh, port] = [
    editor.getByRole('checkbox', { name: 'signal' }),
    editor.getByRole('checkbox', { name: 'subflow' }),
    editor.getByRole('checkbox', { name: 'fullmesh' }),
    editor.getByRole('textbox', { name: 'Port' }),
  ];
  await editor.getByText('Not together with signal.').waitFor();
  await port.fill('4444');
  await editor.getByText('Not with a port.').waitFor();
  expect([await fullmesh.isDisabled(), await subflow.isDisabled(), await port.isDisabled()]).toEqual([
    true,
    true,
    false,
  ]);
  await signal.uncheck();
  await editor.getByText('Only with signal: it is announced.').waitFor();
  await editor.getByText('Choose signal or subflow').waitFor();
  expect([
    await fullmesh.isDisabled(),
    await port.inputValue(),
    await editor.getByRole('button', { name: 'Apply' }).isDisabled(),
  ]).toEqual([false, '', true]);
  await fullmesh.check();
  await editor.getByText('Not together with fullmesh.').waitFor();
});

test('what the kernel refuses is said in its words, and what to do', async ({ visitor }) => {
  const editor = await edit(visitor);
  await editor.getByRole('button', { name: 'Add endpoint' }).click();
  // Another program is faster.
  visitor.host.changeMptcp('hv-03', { kind: 'add-endpoint', endpoint: { address: '10.0.0.3', flags: ['subflow'] } });
  await editor.getByRole('button', { name: 'Apply' }).click();
  await editor.getByText(/The kernel says: too many addresses or duplicate one: -17\./).waitFor();
  await editor.getByText('The address is an endpoint already: change or remove that one.').waitFor();
  await editor.getByRole('row', { name: '3 10.0.0.3 any subflow' }).waitFor();
  expect(await visitor.barriers()).toEqual([]);
});

test('an endpoint that is another one by now is left alone', async ({ visitor }) => {
  const editor = await edit(visitor);
  visitor.host.changeMptcp('hv-03', {
    kind: 'remove-endpoint',
    endpoint: { id: 1, address: '10.0.1.3', flags: ['signal'] },
  });
  await editor.getByRole('button', { name: 'Actions for endpoint 1 (10.0.1.3)' }).click();
  await visitor.page.getByRole('menuitem', { name: 'Remove' }).click();
  await editor.getByRole('button', { name: 'Apply' }).click();
  await editor.getByText('hv-03 has no MPTCP endpoint with id 1 any more.').waitFor();
  await editor.getByText('Look at the host again; another program may have changed it.').waitFor();
  await expect.poll(() => endpoints(editor)).toEqual(['2 172.16.9.3 eth2 signal']);
});

test('while a migration uses the host nothing can be changed, and it is named', async ({ visitor }) => {
  const { page } = visitor;
  const editor = await edit(visitor);
  await editor.getByRole('button', { name: 'Further subflows: one more' }).click();
  const id = visitor.host.start(move());
  await page
    .getByText(`The migration of db-primary (${id}) uses hv-07, and puts its MPTCP settings back when it ends.`)
    .waitFor();
  expect([
    await page.getByRole('button', { name: 'Edit the MPTCP settings of hv-07' }).isDisabled(),
    await page.getByRole('button', { name: 'Edit the MPTCP settings of hv-04' }).isDisabled(),
    await editor.getByRole('button', { name: 'Apply' }).isDisabled(),
  ]).toEqual([true, false, true]);
  await visitor.pass(60_000, 2_000);
  await expect.poll(() => editor.getByRole('button', { name: 'Apply' }).isEnabled()).toBe(true);
});

test('with the keyboard alone, and Escape gives up', async ({ visitor }) => {
  const { page } = visitor;
  const editor = await edit(visitor);
  const add = editor.getByRole('button', { name: 'Add endpoint' });
  await add.focus();
  await page.keyboard.press('Enter');
  const form = editor.getByRole('form', { name: 'Add an endpoint to hv-03' });
  await expect.poll(() => form.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Escape');
  await expect.poll(() => form.count()).toBe(0);
  expect(await add.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
  await page.keyboard.press('Enter');
  for (const key of ['Tab', 'Tab', '4', '2', 'Enter']) await page.keyboard.press(key);
  await editor.getByRole('row', { name: '3 10.0.0.3 eth0 signal port 42' }).waitFor();
  expect(await add.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
});
