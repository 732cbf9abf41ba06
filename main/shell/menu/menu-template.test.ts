import { expect, test, vi } from 'vitest';
import { menuTemplate, type MenuActions } from './menu-template.ts';

const nothing: MenuActions = { show: () => undefined, openLink: () => undefined, about: () => undefined };

function itemsOf(actions: MenuActions, inspector: boolean): Electron.MenuItemConstructorOptions[] {
  return menuTemplate(actions, { inspector }).flatMap(({ submenu }) => (Array.isArray(submenu) ? submenu : []));
}

test('no key leads to two places', () => {
  const keys = itemsOf(nothing, true).flatMap(({ accelerator }) => accelerator ?? []);
  expect(keys).toEqual([...new Set(keys)]);
});

test('a screen, a link and the about box are what is clicked', () => {
  const said = vi.fn<(what: string) => void>();
  const actions: MenuActions = { show: said, openLink: said, about: () => said('about') };
  for (const label of ['&History', 'Multipath TCP', '&About Switchyard']) {
    const item: { click?: unknown } | undefined = itemsOf(actions, false).find(
      (candidate) => candidate.label === label,
    );
    if (typeof item?.click === 'function') item.click();
  }
  expect(said.mock.calls).toEqual([['history'], ['multipath-tcp'], ['about']]);
});

test("Chromium's inspector is offered in a checkout only", () => {
  const offered = (inspector: boolean): boolean =>
    itemsOf(nothing, inspector).some(({ role }) => role === 'toggleDevTools');
  expect([offered(true), offered(false)]).toEqual([true, false]);
});
