/** Builds the page into dist/web. Nothing is inlined: the page's Content-Security-Policy allows files of its own only. */
import { defineConfig } from 'vite'
import { precompress } from './build/precompress.ts'

export default defineConfig({
  root: import.meta.dirname,
  base: '/ui/',
  plugins: [precompress()],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: ['chrome123', 'firefox121', 'safari17.5'],
    license: { fileName: 'licenses.md' },
    reportCompressedSize: false,
  },
})
