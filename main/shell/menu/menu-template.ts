import type { MenuItemConstructorOptions } from 'electron';
import type { ExternalLink } from '#main/shell/external-links.ts';

/** The screens that the menu leads to, by their names in the page's address: `app://ui/#/history`. */
export const screens = ['migrate', 'running', 'history', 'hosts', 'lab', 'settings'] as const;
export type Screen = (typeof screens)[number];

export interface MenuActions {
  readonly show: (screen: Screen) => void;
  readonly openLink: (link: ExternalLink) => void;
  readonly about: () => void;
}

const separator: MenuItemConstructorOptions = { type: 'separator' };

/** The usual places and the usual keys; `inspector` adds Chromium's own, in a checkout. */
export function menuTemplate(
  { show, openLink, about }: MenuActions,
  { inspector }: { readonly inspector: boolean },
): MenuItemConstructorOptions[] {
  const screen = (label: string, name: Screen, accelerator: string): MenuItemConstructorOptions => ({
    label,
    accelerator,
    click: () => show(name),
  });
  const link = (label: string, key: ExternalLink): MenuItemConstructorOptions => ({
    label,
    click: () => openLink(key),
  });
  return [
    {
      label: '&File',
      submenu: [
        screen('&New migration', 'migrate', 'Ctrl+N'),
        screen('&Settings', 'settings', 'Ctrl+,'),
        separator,
        { role: 'close', label: '&Close window', accelerator: 'Ctrl+W' },
        { role: 'quit', label: '&Quit', accelerator: 'Ctrl+Q' },
      ],
    },
    {
      label: '&Edit',
      submenu: [
        { role: 'undo' },
        { role: 'redo' },
        separator,
        { role: 'cut' },
        { role: 'copy' },
        { role: 'paste' },
        { role: 'selectAll' },
      ],
    },
    {
      label: '&View',
      submenu: [
        screen('&Migrate', 'migrate', 'Ctrl+1'),
        screen('&Running', 'running', 'Ctrl+2'),
        screen('&History', 'history', 'Ctrl+3'),
        screen('H&osts', 'hosts', 'Ctrl+4'),
        screen('&Lab', 'lab', 'Ctrl+5'),
        separator,
        { role: 'reload' },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { role: 'togglefullscreen' },
        ...(inspector ? [separator, { role: 'toggleDevTools' } as const] : []),
      ],
    },
    {
      label: '&Help',
      submenu: [
        link('How QEMU migrates', 'qemu-migration'),
        link('Multipath TCP', 'multipath-tcp'),
        link('Multipath TCP in Linux', 'kernel-mptcp'),
        separator,
        { label: '&About Switchyard', click: about },
      ],
    },
  ];
}
