import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The window's content, for the desktop shell and the web host alike. Relative addresses, because the two serve it under
// different origins; no inlined assets, because the content security policy allows none.
//
// Also when a test builds it (its environment has NODE_ENV=test), it is what is delivered: React without its development half.
process.env['NODE_ENV'] = 'production';

export default defineConfig({
  root: 'renderer',
  base: './',
  publicDir: false,
  build: {
    outDir: '../out/renderer',
    emptyOutDir: true,
    target: 'chrome146',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // One file, loaded from this machine: splitting it would save nothing.
    chunkSizeWarningLimit: 1_000,
  },
  plugins: [react()],
});
