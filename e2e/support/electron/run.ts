import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { app } from './app.ts';
import { joinBrowser } from './browser.ts';
import { control } from './control.ts';

// Runs a built app in this process as Electron would: loads its main file with `electron` meaning the stand-in, lets the
// app become ready, and does what the test says. Started by driver.ts.

interface Call {
  readonly id: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

const [root = '', browserEndpoint = '', home = '', packaged = '', firstInstance = ''] = process.argv.slice(2);

const standIn = new URL('./index.ts', import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' || specifier.startsWith('electron/')
      ? { url: standIn, shortCircuit: true }
      : next(specifier, context),
});

app.surround({ root, home, packaged: packaged === 'packaged', firstInstance: firstInstance === 'first' });

const methods: Readonly<Record<string, ((...args: never[]) => unknown) | undefined>> = control;

process.on('message', (call: Call) => void answer(call));
process.on('disconnect', () => process.exit(1));

await import(pathToFileURL(join(root, 'out/main/shell.js')).href);
await joinBrowser(browserEndpoint);
app.becomeReady();
process.send?.({ ready: true });

async function answer({ id, method, args }: Call): Promise<void> {
  try {
    const carry: ((...args: never[]) => unknown) | undefined = methods[method];
    if (!carry) throw new Error(`there is no ${method}`);
    process.send?.({ id, value: await Reflect.apply(carry, undefined, [...args]) });
  } catch (thrown) {
    process.send?.({ id, problem: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) });
  }
}
