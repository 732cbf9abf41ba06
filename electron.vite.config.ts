import { defineConfig } from 'electron-vite';
import type { Plugin } from 'vite';
import { commandNames, eventNames } from './contract/channels.ts';
import { dataFiles } from './scripts/data-files.ts';

// The desktop app's main process and its preload script. The window's content is built by renderer.vite.config.ts,
// because the web host serves the same files.
export default defineConfig({
  main: {
    build: {
      outDir: 'out/main',
      emptyOutDir: false,
      emitAssets: true,
      target: 'node24',
      sourcemap: true,
      // Everything in one file, for the reasons in cli.vite.config.ts, but for koffi, which finds its native library
      // beside its own package.
      externalizeDeps: false,
      rolldownOptions: {
        input: { shell: 'main/shell/index.ts' },
        external: ['electron', 'koffi'],
        output: { format: 'es', entryFileNames: '[name].js', codeSplitting: false, sourcemapExcludeSources: true },
      },
    },
    plugins: [dataFiles()],
  },
  preload: {
    build: {
      outDir: 'out/preload',
      emptyOutDir: true,
      // A sandboxed preload script is CommonJS, in one file: it can load `electron` and nothing else.
      externalizeDeps: false,
      rolldownOptions: {
        input: { index: 'preload/index.ts' },
        external: ['electron'],
        output: { format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
      },
    },
    plugins: [namesOnly()],
  },
});

/** The preload script knows the contract by its names alone: zod would be a hundred times its size, in every window. */
function namesOnly(): Plugin {
  return {
    name: 'switchyard:names-only',
    enforce: 'pre',
    load(id) {
      if (!id.endsWith('/contract/channels.ts')) return;
      return [
        `export const commandNames = ${JSON.stringify(commandNames)};`,
        `export const eventNames = ${JSON.stringify(eventNames)};`,
      ].join('\n');
    },
  };
}
