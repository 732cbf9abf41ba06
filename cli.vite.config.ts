import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { defineConfig, type Plugin } from 'vite';

// The command line as one file for plain Node: one file because a rebuild must not pull lazily loaded chunks from under
// a migration that is running, and because it starts faster than a tree of modules. koffi stays outside: it finds its
// native library beside its own package.
export default defineConfig({
  build: {
    ssr: 'main/cli/index.ts',
    outDir: 'out/main',
    emptyOutDir: false,
    emitAssets: true,
    target: 'node24',
    sourcemap: true,
    rolldownOptions: { output: { entryFileNames: 'cli.js', codeSplitting: false, sourcemapExcludeSources: true } },
  },
  ssr: { noExternal: true, external: ['koffi'] },
  plugins: [dataFiles()],
});

/**
 * A module finds its data file beside itself: `join(import.meta.dirname, 'name')`. All modules end up in cli.js, so all
 * data files end up beside it. A file that is not there fails the build.
 */
function dataFiles(): Plugin {
  return {
    name: 'switchyard:data-files',
    enforce: 'pre',
    async transform(code, id) {
      for (const [, fileName = ''] of code.matchAll(/join\(import\.meta\.dirname, '([^'/]+)'\)/g)) {
        this.emitFile({ type: 'asset', fileName, source: await readFile(join(dirname(id), fileName)) });
      }
    },
  };
}
