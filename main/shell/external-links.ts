import { shell } from 'electron';

/** Everything outside that the app leads to. An address never comes from a window: it is chosen here, by its key. */
const externalLinks = {
  'qemu-migration': 'https://www.qemu.org/docs/master/devel/migration/index.html',
  'multipath-tcp': 'https://www.mptcp.dev/',
  'kernel-mptcp': 'https://docs.kernel.org/networking/mptcp.html',
} as const;

export type ExternalLink = keyof typeof externalLinks;

export async function openExternalLink(key: ExternalLink): Promise<void> {
  await shell.openExternal(externalLinks[key]);
}
