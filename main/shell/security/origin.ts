/** The one place from which content is loaded: a scheme of our own, known to no other program. */
export const uiScheme = 'app';
export const uiOrigin = `${uiScheme}://ui`;
export const uiAddress = `${uiOrigin}/`;

/** Compared as a parsed URL: `app://ui.example.net/` begins like ours and is not ours. */
export function isUiAddress(address: string): boolean {
  const url = URL.parse(address);
  return url !== null && url.protocol === `${uiScheme}:` && url.host === 'ui';
}
