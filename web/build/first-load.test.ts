import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync } from 'node:zlib'
import { build, type Rolldown } from 'vite'
import { expect, test } from 'vitest'

/** Issue 4: what a browser fetches to show the first page. */
const limitBytes = 150_000
const web = join(import.meta.dirname, '..')

async function builtFiles(): Promise<ReadonlyMap<string, Rolldown.OutputChunk | Rolldown.OutputAsset>> {
  const result = await build({ configFile: join(web, 'vite.config.ts'), logLevel: 'silent', build: { write: false } })
  if (Array.isArray(result) || !('output' in result)) throw new Error('the build gave something else than files')
  return new Map(result.output.map((file) => [file.fileName, file]))
}

/** A chunk, all that it imports at once, and their styles. */
function withImports(
  name: string,
  files: Awaited<ReturnType<typeof builtFiles>>,
  found = new Set<string>(),
): ReadonlySet<string> {
  const chunk = files.get(name)
  if (chunk?.type !== 'chunk' || found.has(name)) return found
  found.add(name)
  for (const style of chunk.viteMetadata?.importedCss ?? []) found.add(style)
  for (const imported of chunk.imports) withImports(imported, files, found)
  return found
}

function compressedBytes(contents: string | Uint8Array): number {
  return brotliCompressSync(contents).length
}

test('the first load is below 150 kB, compressed, whichever page it is', { timeout: 180_000 }, async () => {
  const files = await builtFiles()
  const chunks = [...files.values()].filter((file) => file.type === 'chunk')
  const entry = chunks.find(({ isEntry }) => isEntry)
  const pages = chunks.filter(
    ({ isDynamicEntry, facadeModuleId }) => isDynamicEntry && facadeModuleId?.includes('/pages/'),
  )
  expect(pages.length).toBeGreaterThan(7)
  const always = ['theme.js', 'icon.svg'].map((name) => compressedBytes(readFileSync(join(web, 'public', name))))
  for (const page of pages) {
    const names = new Set([
      'index.html',
      ...withImports(entry?.fileName ?? '', files),
      ...withImports(page.fileName, files),
    ])
    const sizes = [...names].map((name) => {
      const file = files.get(name)
      return compressedBytes(file?.type === 'chunk' ? file.code : (file?.source ?? ''))
    })
    const total = [...sizes, ...always].reduce((sum, size) => sum + size, 0)
    expect(total, `first load of ${page.name}, from ${names.size + always.length} files`).toBeLessThan(limitBytes)
    expect(total).toBeGreaterThan(10_000)
  }
})
