import { spawn } from 'node:child_process';

/**
 * Asks the desktop to open an address. Without a desktop, or as root, who has no browser, nothing happens: the address
 * has been printed.
 */
export function openBrowser(address: string, environment: NodeJS.ProcessEnv = process.env): void {
  const hasDesktop = ['DISPLAY', 'WAYLAND_DISPLAY'].some((name) => environment[name]);
  if (!hasDesktop || process.geteuid?.() === 0) return;
  const child = spawn('xdg-open', [address], { detached: true, stdio: 'ignore' });
  child.on('error', () => undefined);
  child.unref();
}
