/** Without one a browser asks for /favicon.ico, and complains that there is none. */
const noIcon = '<link rel="icon" href="data:,">';

/** What a browser shows that has not come in: one sentence, and what to do. No script, no style, nothing of a request. */
function page(title: string, text: string, head = ''): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8">${noIcon}${head}<title>${title}</title></head><body><main><h1>${title}</h1><p>${text}</p></main></body></html>\n`;
}

/**
 * The browser comes in by its own step: a redirect would belong to whatever page the link stood on, and a Strict cookie
 * is not sent then (RFC 6265bis, section 5.2).
 */
export const enter = page(
  'Switchyard',
  'Opening. If nothing happens: <a href="/">continue</a>.',
  '<meta http-equiv="refresh" content="0; url=/">',
);

export const linkIsSpent = page(
  'This link has been used',
  'A link to Switchyard is good for one browser. Press Enter where <code>switchyard serve</code> runs, and it prints another.',
);

export const noSession = page(
  'Switchyard does not know this browser',
  'Open the link that <code>switchyard serve</code> has printed. It prints another when you press Enter there.',
);

export const notFound = page('There is nothing here', 'Go to <a href="/">the start</a>.');
