/**
 * Chromium knows no scheme of an app's own. `app://ui/x` therefore is `https://ui.app.stand-in/x` in the page, a secure
 * and standard origin like the one that Electron makes of it; every request is intercepted before a name is looked up.
 */
const suffix = '.stand-in';

export function toBrowser(address: string): string {
  const url = URL.parse(address);
  if (url === null || ['http:', 'https:', 'about:', 'data:', 'blob:', 'devtools:'].includes(url.protocol))
    return address;
  return `https://${url.host}.${url.protocol.slice(0, -1)}${suffix}${url.pathname}${url.search}${url.hash}`;
}

export function fromBrowser(address: string): string {
  const url = URL.parse(address);
  if (url === null || !url.hostname.endsWith(suffix)) return address;
  const labels = url.hostname.slice(0, -suffix.length).split('.');
  const scheme = labels.pop() ?? '';
  return `${scheme}://${labels.join('.')}${url.pathname}${url.search}${url.hash}`;
}

/** As Electron writes a frame's origin: `app://ui`, and `null` where there is none. */
export function originOf(address: string): string {
  const url = URL.parse(fromBrowser(address));
  return url === null || url.host === '' ? 'null' : `${url.protocol}//${url.host}`;
}
