import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseSync, Visitor } from 'vite';

// What no linter knows of: which part of Electron may be touched where. The table is the whole surface, so code that reaches
// for more of Electron has to come by here.

const electronByFile: Readonly<Record<string, readonly string[]>> = {
  'main/shell/desktop.ts': ['app', 'dialog', 'powerMonitor'],
  'main/shell/export/save-export.ts': ['app', 'dialog'],
  'main/shell/external-links.ts': ['shell'],
  'main/shell/index.ts': ['Menu', 'app', 'dialog', 'session'],
  'main/shell/ipc/registry.ts': ['ipcMain'],
  'main/shell/manners/manners.ts': ['Notification', 'powerSaveBlocker'],
  'main/shell/security/lock-down.ts': ['app', 'protocol'],
  'main/shell/window/keep-alive.ts': ['dialog'],
  'main/shell/window/main-window.ts': ['BrowserWindow', 'nativeTheme', 'screen'],
  'main/shell/windows.ts': ['BrowserWindow'],
  'preload/index.ts': ['contextBridge', 'ipcRenderer'],
};

/** Ways out of the sandbox, or into it, that the app has no use for. */
const neverCalled = new Set([
  'addDictionary',
  'eval',
  'executeJavaScript',
  'executeJavaScriptInIsolatedWorld',
  'exposeInIsolatedWorld',
  'insertCSS',
  'loadFile',
  'openDevTools',
  'openPath',
  'registerPreloadScript',
  'removeSwitch',
  'setAsDefaultProtocolClient',
  'setCertificateVerifyProc',
  'setPreloads',
  'setProxy',
  'showItemInFolder',
]);

const root = join(import.meta.dirname, '..', '..');
const sources = globSync(['main/shell/**/*.ts', 'preload/**/*.ts'], { cwd: root })
  .filter((path) => !path.endsWith('.test.ts'))
  .toSorted()
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

test('each file touches the part of Electron that is its own', () => {
  const found = sources
    .map(({ path, text }) => [path, electronIn(text)] as const)
    .filter(([, names]) => names.length > 0);
  expect(Object.fromEntries(found)).toEqual(electronByFile);
});

test('windows are made in one place', () => {
  expect(sources.filter(({ text }) => made(text).includes('BrowserWindow')).map(({ path }) => path)).toEqual([
    'main/shell/window/main-window.ts',
  ]);
});

test('links outside are opened in one place, and take no address from outside', () => {
  const found = sources.flatMap(({ path, text }) =>
    calls(text)
      .filter(({ name }) => name === 'openExternal')
      .map((call) => [path, call.text]),
  );
  expect(found).toEqual([['main/shell/external-links.ts', 'shell.openExternal(externalLinks[key])']]);
});

test('the preload script hands out one frozen object', () => {
  const found = sources.flatMap(({ text }) => calls(text).filter(({ name }) => name.startsWith('exposeIn')));
  expect(found.map(({ text }) => text)).toEqual([
    'contextBridge.exposeInMainWorld(bridge.global, Object.freeze(host))',
  ]);
});

test('no file calls what the app has no use for', () => {
  const found = sources.flatMap(({ path, text }) =>
    calls(text)
      .filter(({ name }) => neverCalled.has(name))
      .map(({ name }) => `${path}: ${name}`),
  );
  expect(found).toEqual([]);
});

test('no file starts a process', () => {
  expect(sources.filter(({ text }) => importsOf(text).has('node:child_process')).map(({ path }) => path)).toEqual([]);
});

test('the readers of this test see what they look for', () => {
  const bad = `
    import { app, type WebContents, ipcMain as listener } from 'electron';
    import { spawn } from 'node:child_process';
    new BrowserWindow({});
    contents.executeJavaScript('1');
    eval('2');
  `;
  expect([electronIn(bad), made(bad), calls(bad).map(({ name }) => name), [...importsOf(bad).keys()]]).toEqual([
    ['app', 'ipcMain'],
    ['BrowserWindow'],
    ['executeJavaScript', 'eval'],
    ['electron', 'node:child_process'],
  ]);
});

/** Names by which values come in, types left out, per module. */
function importsOf(text: string): ReadonlyMap<string, readonly string[]> {
  const { module } = parseSync('source.ts', text);
  return new Map(
    module.staticImports.map(({ moduleRequest, entries }) => [
      moduleRequest.value,
      entries.filter(({ isType }) => !isType).map(({ importName }) => importName.name ?? importName.kind),
    ]),
  );
}

function electronIn(text: string): string[] {
  return (importsOf(text).get('electron') ?? []).toSorted();
}

function made(text: string): string[] {
  const names: string[] = [];
  new Visitor({
    NewExpression({ callee }) {
      if (callee.type === 'Identifier') names.push(callee.name);
    },
  }).visit(parseSync('source.ts', text).program);
  return names;
}

/** Every call by the last part of its name. */
function calls(text: string): { readonly name: string; readonly text: string }[] {
  const found: { name: string; text: string }[] = [];
  new Visitor({
    CallExpression({ callee, start, end }) {
      const whole = text.slice(start, end);
      if (callee.type === 'Identifier') found.push({ name: callee.name, text: whole });
      else if (callee.type === 'MemberExpression' && callee.property.type === 'Identifier') {
        found.push({ name: callee.property.name, text: whole });
      }
    },
  }).visit(parseSync('source.ts', text).program);
  return found;
}
