import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Stranger } from '#e2e/support/electron/control.ts';
import type { DesktopApp } from '#e2e/support/electron/driver.ts';

/** One thing that must hold for a running app, looked at from outside. */
export interface Rule {
  readonly says: string;
  readonly holds: (app: DesktopApp) => Promise<boolean>;
}

const page = 'app://ui/';
const elsewhere = 'https://example.net/';

/** Written out here a second time on purpose: a test that took them from the shell would agree with any change. */
const expectedPreferences = {
  sandbox: true,
  contextIsolation: true,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  nodeIntegrationInSubFrames: false,
  webSecurity: true,
  allowRunningInsecureContent: false,
  experimentalFeatures: false,
  webviewTag: false,
  plugins: false,
  navigateOnDragDrop: false,
  safeDialogs: true,
  disableBlinkFeatures: 'Auxclick',
  spellcheck: false,
  devTools: false,
};

const expectedHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
    "connect-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

const permissions = [
  'clipboard-read',
  'clipboard-sanitized-write',
  'display-capture',
  'fileSystem',
  'fullscreen',
  'geolocation',
  'hid',
  'idle-detection',
  'keyboardLock',
  'local-fonts',
  'local-network-access',
  'media',
  'mediaKeySystem',
  'midi',
  'midiSysex',
  'notifications',
  'openExternal',
  'pointerLock',
  'serial',
  'speaker-selection',
  'storage-access',
  'usb',
  'window-management',
  'unknown',
];

const strangers: readonly Stranger[] = [
  'frame in the page',
  'another main frame',
  'foreign origin',
  'frame that has gone',
  'destroyed frame',
  'other contents',
];

/** What a page that has been taken over might try, each an expression that is true when it has failed. */
const attempts: readonly (readonly [says: string, failed: string])[] = [
  [
    'no script in the page itself runs',
    `(() => { const script = document.createElement('script'); script.textContent = 'globalThis.intruder = 1';
      document.head.append(script); return globalThis.intruder === undefined; })()`,
  ],
  ['no text becomes code', `(() => { try { return globalThis.eval('1') !== 1; } catch { return true; } })()`],
  [
    'no style in the page itself applies',
    `(() => { const style = document.createElement('style'); style.textContent = 'body { z-index: 7 }';
      document.head.append(style); return getComputedStyle(document.body).zIndex !== '7'; })()`,
  ],
  ['nothing is fetched, not even from the app', `fetch(location.href).then(() => false, () => true)`],
  ['no socket is opened', violation('connect-src', `new WebSocket('wss://example.net/')`)],
  [
    'no picture comes from elsewhere',
    `new Promise((resolve) => { const picture = new Image(); picture.onload = () => resolve(false);
      picture.onerror = () => resolve(true); picture.src = 'https://example.net/pixel.png'; })`,
  ],
  [
    'no frame is shown',
    violation(
      'frame-src',
      `const frame = document.createElement('iframe'); frame.src = location.href; document.body.append(frame);`,
    ),
  ],
  [
    'no form is sent',
    violation(
      'form-action',
      `const form = document.createElement('form'); form.action = 'https://example.net/';
       document.body.append(form); form.submit();`,
    ),
  ],
  [
    'no base changes what addresses mean',
    `(() => { const before = document.baseURI; const base = document.createElement('base');
      base.href = 'https://example.net/'; document.head.append(base); return document.baseURI === before; })()`,
  ],
  [
    'no worker runs what is not a file of the app',
    `new Promise((resolve) => { try { const worker = new Worker(URL.createObjectURL(new Blob(['postMessage(1)'])));
      worker.onmessage = () => resolve(false); worker.onerror = () => resolve(true); } catch { resolve(true); } })`,
  ],
];

/** Everything that Electron's security checklist and our own rules ask of the shell, in packages as they are shipped. */
export const rules: readonly Rule[] = [
  rule('every page is sandboxed', async (app) => (await app.do('records')).sandboxEnabled),
  rule('the preferences of the window', async (app) => {
    const { windows } = await app.do('records');
    return (
      windows.length === 1 &&
      windows.every(({ options }) => isDeepStrictEqual(preferencesOf(options), expectedPreferences))
    );
  }),
  rule('the scheme has no further privilege', async (app) =>
    isDeepStrictEqual((await app.do('records')).schemes, [
      { scheme: 'app', privileges: { standard: true, secure: true } },
    ]),
  ),
  rule('no switches but our own', async (app) =>
    isDeepStrictEqual((await app.do('records')).switches, [
      ['host-resolver-rules', 'MAP * ~NOTFOUND'],
      ['desktop-name', 'switchyard.desktop'],
    ]),
  ),
  rule('no protocol of the desktop is claimed', async (app) => (await app.do('records')).protocolClients.length === 0),
  rule('peer connections have no way out', async (app) =>
    isDeepStrictEqual((await app.do('records')).webRtcPolicies, ['disable_non_proxied_udp']),
  ),

  rule('every answer carries the headers', async (app) => {
    const answers = [await app.do('serve', page), await app.do('serve', `${page}absent`)];
    return answers.every(({ headers: { 'content-type': _type, ...rest } }) => isDeepStrictEqual(rest, expectedHeaders));
  }),
  rule('only files of the manifest are served', async (app) => {
    const addresses = ['assets/index.js.map', '../main/shell.js', '%2e%2e/main/shell.js', 'assets', '/etc/passwd'];
    const answers = await Promise.all(addresses.map((address) => app.do('serve', page + address)));
    return answers.every(({ status }) => status === 404);
  }),
  rule('nothing can be sent to the scheme', async (app) => (await app.do('serve', page, 'POST')).status === 405),
  rule('no other host of the scheme answers', async (app) => (await app.do('serve', 'app://other/')).status === 404),

  ...(['request', 'check', 'device'] as const).map((kind) =>
    rule(`nothing is granted on ${kind} but writing to the clipboard`, async (app) => {
      await app.do('openSession', 'one that comes later');
      const granted = await Promise.all(
        permissions.map(async (permission) =>
          (await app.do('grants', kind, permission, page, true)) ? permission : undefined,
        ),
      );
      return isDeepStrictEqual(
        granted.filter((permission) => permission !== undefined),
        kind === 'device' ? [] : ['clipboard-sanitized-write'],
      );
    }),
  ),
  rule('a stranger is granted nothing', async (app) => {
    const asked = await Promise.all(
      (['request', 'check'] as const).flatMap((kind) => [
        app.do('grants', kind, 'clipboard-sanitized-write', elsewhere, true),
        app.do('grants', kind, 'clipboard-sanitized-write', page, false),
      ]),
    );
    return asked.every((granted) => !granted);
  }),
  rule('no request leaves, of whatever session', async (app) => {
    await app.do('openSession', 'one that comes later');
    const addresses = [
      elsewhere,
      'http://127.0.0.1/',
      'ws://127.0.0.1/',
      'file:///etc/passwd',
      'devtools://devtools/',
      'app://other/',
    ];
    return (await Promise.all(addresses.map((address) => app.do('letsOut', address)))).every((let_out) => !let_out);
  }),
  rule('nothing is downloaded, in whatever session', async (app) => {
    await app.do('openSession', 'one that comes later');
    return app.do('stopsDownloads');
  }),
  ...['will-navigate', 'will-frame-navigate', 'will-redirect', 'will-attach-webview'].map((name) =>
    rule(`${name} is forbidden`, (app) => app.do('forbids', name)),
  ),
  rule('the page stays where it is', async (app) => {
    await app.do('evaluate', `location.assign(${JSON.stringify(elsewhere)})`);
    await comes(async () => (await app.do('records')).navigations.length > 0);
    const { navigations, windows } = await app.do('records');
    return navigations.every((verdict) => verdict === 'forbidden') && windows[0]?.url === page;
  }),
  rule('no window opens another', async (app) => {
    await app.do('evaluate', 'void window.open(location.href)');
    await comes(async () => (await app.do('records')).popups.length > 0);
    return isDeepStrictEqual((await app.do('records')).popups, ['closed']);
  }),
  rule('the arguments of a second start are not read', async (app) => {
    await app.do('startAgain', ['switchyard', 'app://ui/#/lab', elsewhere, '--no-sandbox']);
    const { windows, loads } = await app.do('records');
    return windows.length === 1 && isDeepStrictEqual(loads, [page]);
  }),

  rule('one channel listens', async (app) =>
    isDeepStrictEqual((await app.do('records')).ipcChannels, ['switchyard:call']),
  ),
  ...strangers.map((stranger) =>
    rule(`no answer for: ${stranger}`, async (app) => {
      const answer = await app.do('callAs', stranger, 'switchyard:call', ['application.describe', {}]);
      return isRefusal(answer);
    }),
  ),
  rule('no Node in the page', async (app) =>
    isDeepStrictEqual(
      await app.do('evaluate', '[typeof require, typeof process, typeof module, typeof Buffer]'),
      Array<string>(4).fill('undefined'),
    ),
  ),
  rule('the bridge is two functions', async (app) =>
    isDeepStrictEqual(
      await app.do('evaluate', 'Object.entries(window.switchyard).map(([name, member]) => [name, typeof member])'),
      [
        ['call', 'function'],
        ['on', 'function'],
      ],
    ),
  ),
  rule('the preload script loads', async (app) => (await app.do('records')).preloadFailures.length === 0),
  rule('the bridge carries a call', async (app) =>
    isDeepStrictEqual(
      await app.do('evaluate', `window.switchyard.call('application.describe', {}).then(({ ok }) => ok)`),
      true,
    ),
  ),
  rule('a name outside the contract stays in the page', async (app) => {
    await app.do(
      'evaluate',
      `Promise.all(['shell.open', '__proto__', 'constructor'].map((name) => window.switchyard.call(name, {})))`,
    );
    const known = new Set(['application.describe']);
    return (await app.do('records')).calls.every(([, name = '']) => known.has(name));
  }),
  rule('listeners get the payload and nothing of Electron', async (app) => {
    await app.do(
      'evaluate',
      `void window.switchyard.on('lab.list-changed', (...args) => { globalThis.heard = JSON.stringify(args); })`,
    );
    await app.do('sendToPage', 'switchyard:event', ['lab.list-changed', { labs: [] }]);
    await app.do('waitFor', 'globalThis.heard !== undefined', 2_000);
    return (await app.do('evaluate', 'globalThis.heard')) === '[{"labs":[]}]';
  }),
  rule('links outside lead to known places, over https', async (app) => {
    for (const label of ['How QEMU migrates', 'Multipath TCP', 'Multipath TCP in Linux'])
      await app.do('clickMenu', label);
    const hosts = new Set(['www.qemu.org', 'www.mptcp.dev', 'docs.kernel.org']);
    const { openedOutside } = await app.do('records');
    return (
      openedOutside.length === 3 &&
      openedOutside.every((address) => new URL(address).protocol === 'https:' && hosts.has(new URL(address).host))
    );
  }),
  rule(
    'no inspector in the menu of a package',
    async (app) => !JSON.stringify((await app.do('records')).menu).includes('toggleDevTools'),
  ),
  ...attempts.map(([says, failed]) => rule(says, async (app) => (await app.do('evaluate', onItsOwn(failed))) === true)),
];

/** True when Chromium refuses an act because of this directive of the policy. */
function violation(directive: string, act: string): string {
  return `new Promise((resolve) => {
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
      if (effectiveDirective === '${directive}') resolve(true);
    });
    setTimeout(() => resolve(false), 1000);
    ${act}
  })`;
}

/** What a debugger evaluates is exempt from the policy; what a timer runs is the page's own doing. */
function onItsOwn(expression: string): string {
  return `new Promise((resolve) => { setTimeout(() => resolve(${expression})); })`;
}

function rule(says: string, holds: Rule['holds']): Rule {
  return { says, holds };
}

/** Resolves when it has become so. */
async function comes(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(50);
}

function preferencesOf(options: object): object {
  const {
    session: _session,
    preload: _preload,
    ...preferences
  } = { ...membersOf('webPreferences' in options ? options.webPreferences : {}) };
  return preferences;
}

function membersOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function isRefusal(answer: unknown): boolean {
  const { ok, error } = membersOf(answer);
  return ok === false && membersOf(error)['kind'] === 'rejected';
}
