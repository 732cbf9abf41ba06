/**
 * What the window's content may load and do, as a response header: its own scripts, styles, pictures and fonts, and
 * nothing else. `connect-src 'none'`, because the window talks through its bridge and never through a network.
 * Source: Content Security Policy Level 3 (W3C).
 */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
