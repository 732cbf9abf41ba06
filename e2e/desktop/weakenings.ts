/** A setting taken out of the built app, and the rule that must notice. */
export interface Weakening {
  readonly name: string;
  readonly file: 'out/main/shell.js' | 'out/preload/index.cjs';
  readonly find: string | RegExp;
  readonly replacement: string;
  /** What `rules.ts` calls it. */
  readonly noticedBy: string;
}

const main = (name: string, find: string | RegExp, replacement: string, noticedBy: string): Weakening => ({
  name,
  file: 'out/main/shell.js',
  find,
  replacement,
  noticedBy,
});

const preload = (name: string, find: string | RegExp, replacement: string, noticedBy: string): Weakening => ({
  ...main(name, find, replacement, noticedBy),
  file: 'out/preload/index.cjs',
});

const preference = (find: string, replacement: string): Weakening =>
  main(`${find} becomes ${replacement}`, find, replacement, 'the preferences of the window');

// With its quotes: the exported report has a policy of its own.
const policy = (find: string, replacement: string, noticedBy: string): Weakening =>
  main(`the policy's ${find} becomes ${replacement}`, `"${find}"`, `"${replacement}"`, noticedBy);

const sender = (name: string, find: string | RegExp, noticedBy: string): Weakening =>
  main(`the sender's ${name} is not looked at`, find, 'true', `no answer for: ${noticedBy}`);

export const weakenings: readonly Weakening[] = [
  main('the sandbox is not asked for', 'app.enableSandbox();', '', 'every page is sandboxed'),
  preference('sandbox: true', 'sandbox: false'),
  preference('contextIsolation: true', 'contextIsolation: false'),
  preference('nodeIntegration: false', 'nodeIntegration: true'),
  preference('nodeIntegrationInWorker: false', 'nodeIntegrationInWorker: true'),
  preference('nodeIntegrationInSubFrames: false', 'nodeIntegrationInSubFrames: true'),
  preference('webSecurity: true', 'webSecurity: false'),
  preference('allowRunningInsecureContent: false', 'allowRunningInsecureContent: true'),
  preference('experimentalFeatures: false', 'experimentalFeatures: true'),
  preference('webviewTag: false', 'webviewTag: true'),
  preference('plugins: false', 'plugins: true'),
  preference('navigateOnDragDrop: false', 'navigateOnDragDrop: true'),
  preference('safeDialogs: true', 'safeDialogs: false'),
  preference('disableBlinkFeatures: "Auxclick"', 'enableBlinkFeatures: "Auxclick"'),
  preference('spellcheck: false', 'spellcheck: true'),
  preference('devTools: inspector', 'devTools: true'),
  main(
    'context isolation is off in the page',
    'contextIsolation: true',
    'contextIsolation: false',
    'the preload script loads',
  ),
  main('Node is let into the page', 'nodeIntegration: false', 'nodeIntegration: true', 'no Node in the page'),

  main(
    'the scheme may fetch',
    'secure: true',
    'secure: true, supportFetchAPI: true',
    'the scheme has no further privilege',
  ),
  main(
    'the scheme is exempt from policies',
    'secure: true',
    'secure: true, bypassCSP: true',
    'the scheme has no further privilege',
  ),
  main('names are looked up', /app\.commandLine\.appendSwitch\([^)]*\);/, '', 'no switches but our own'),
  main(
    'a protocol is claimed',
    'app.enableSandbox();',
    'app.enableSandbox(); app.setAsDefaultProtocolClient("app");',
    'no protocol of the desktop is claimed',
  ),
  main('peer connections are free', '"disable_non_proxied_udp"', '"default"', 'peer connections have no way out'),

  main('no policy is sent', /"content-security-policy": [^,\n]+,/, '', 'every answer carries the headers'),
  main('types are guessed', '"x-content-type-options": "nosniff",', '', 'every answer carries the headers'),
  main(
    'the origin may be joined by others',
    '"cross-origin-opener-policy": "same-origin",',
    '',
    'every answer carries the headers',
  ),
  policy("script-src 'self'", "script-src 'self' 'unsafe-inline'", 'no script in the page itself runs'),
  policy("script-src 'self'", "script-src 'self' 'unsafe-eval'", 'no text becomes code'),
  policy("script-src 'self'", "script-src 'self' blob:", 'no worker runs what is not a file of the app'),
  policy("style-src 'self'", "style-src 'self' 'unsafe-inline'", 'no style in the page itself applies'),
  main(
    'the page may talk to its own origin',
    'contentSecurityPolicy("none")',
    'contentSecurityPolicy("self")',
    'nothing is fetched, not even from the app',
  ),
  policy("default-src 'none'", "default-src 'self'", 'no frame is shown'),
  policy("base-uri 'none'", 'base-uri *', 'no base changes what addresses mean'),
  policy("form-action 'none'", 'form-action *', 'no form is sent'),
  policy("frame-ancestors 'none'", 'frame-ancestors *', 'every answer carries the headers'),
  main('every method is answered', 'if (method !== "GET")', 'if (false)', 'nothing can be sent to the scheme'),
  main(
    'every host is answered',
    'isUiAddress(url) ? manifest',
    'true ? manifest',
    'no other host of the scheme answers',
  ),

  main(
    'requests for permissions are not answered',
    /session\.setPermissionRequestHandler\([\s\S]*?\}\)\);/,
    '',
    'nothing is granted on request but writing to the clipboard',
  ),
  main(
    'checks of permissions are not answered',
    /session\.setPermissionCheckHandler\([\s\S]*?\}\)\);/,
    '',
    'nothing is granted on check but writing to the clipboard',
  ),
  main(
    'devices are not denied',
    'session.setDevicePermissionHandler(() => false);',
    '',
    'nothing is granted on device but writing to the clipboard',
  ),
  main(
    'the clipboard may be read',
    'permission === "clipboard-sanitized-write"',
    'permission.startsWith("clipboard")',
    'nothing is granted on request but writing to the clipboard',
  ),
  main(
    'frames are granted what the page is',
    /permission === "clipboard-sanitized-write" && isMainFrame/,
    'permission === "clipboard-sanitized-write"',
    'a stranger is granted nothing',
  ),
  main(
    'requests are not stopped',
    /answer\(\{ cancel: [^}]+\}\)/,
    'answer({ cancel: false })',
    'no request leaves, of whatever session',
  ),
  main(
    'a package lets the inspector out',
    'blockNetwork(session, { inspector: !app.isPackaged })',
    'blockNetwork(session, { inspector: true })',
    'no request leaves, of whatever session',
  ),
  main(
    'downloads are not stopped',
    /session\.on\("will-download"[^;]+;/,
    '',
    'nothing is downloaded, in whatever session',
  ),
  main(
    'sessions are not locked',
    'app.on("session-created", lockSession);',
    '',
    'no request leaves, of whatever session',
  ),
  ...['will-navigate', 'will-frame-navigate', 'will-redirect', 'will-attach-webview'].map((name) =>
    main(`${name} is let pass`, new RegExp(`contents\\.on\\("${name}"[^;]+;`), '', `${name} is forbidden`),
  ),
  main('contents are not locked', 'lockNavigation(contents);', '', 'the page stays where it is'),
  main('windows may be opened', '({ action: "deny" })', '({ action: "allow" })', 'no window opens another'),
  main(
    'a second start leads the window',
    /app\.on\("second-instance", [^;]+;/,
    'app.on("second-instance", (_event, argv) => void this.#window?.loadURL(argv[1]));',
    'the arguments of a second start are not read',
  ),

  main('senders are not looked at', 'isOurWindow(event) ?', 'true ?', 'no answer for: foreign origin'),
  sender('frame', 'senderFrame.parent === null', 'frame in the page'),
  sender('window', 'senderFrame.frameTreeNodeId === sender.mainFrame.frameTreeNodeId', 'another main frame'),
  sender('origin', /senderFrame\.origin === [^;]+(?=;)/, 'foreign origin'),
  sender('life', '!senderFrame.isDestroyed()', 'destroyed frame'),
  main(
    'an unknown sender is answered',
    /isOurWindow\(event\) \? windows\.of\(event\.sender\) : void 0/,
    '{ id: "any", emit() {} }',
    'no answer for: other contents',
  ),
  main(
    'a second channel listens',
    'ipcMain.handle(bridge.call',
    'ipcMain.on("debug", () => {}); ipcMain.handle(bridge.call',
    'one channel listens',
  ),
  main(
    'a link leads elsewhere',
    'https://www.mptcp.dev/',
    'http://www.mptcp.dev/',
    'links outside lead to known places, over https',
  ),
  main(
    'a package has the inspector in its menu',
    '}, { inspector: !app.isPackaged });',
    '}, { inspector: true });',
    'no inspector in the menu of a package',
  ),

  preload(
    'any name reaches main',
    'if (commands.has(name))',
    'if (true)',
    'a name outside the contract stays in the page',
  ),
  preload(
    'listeners get the event of Electron',
    /\(_event, name, payload\) => \{[\s\S]*?\}\);/,
    '(event, name, payload) => { for (const { hear } of subscriptions.get(name)) hear(payload, event); });',
    'listeners get the payload and nothing of Electron',
  ),
  preload(
    'ipcRenderer is handed to the page',
    /exposeInMainWorld\(bridge\.global, Object\.freeze\(\{/,
    'exposeInMainWorld(bridge.global, Object.freeze({ ipcRenderer: electron.ipcRenderer,',
    'the bridge is two functions',
  ),
  preload(
    'Node is loaded',
    'let electron = require("electron");',
    'let electron = require("electron"); require("node:fs");',
    'the preload script loads',
  ),
];
