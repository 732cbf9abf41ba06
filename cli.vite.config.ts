import { defineConfig } from 'vite';
import { dataFiles } from './scripts/data-files.ts';

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
