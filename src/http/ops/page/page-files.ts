/**
 * The built page: what can be served is what lies in its folder, known by listing it.
 *
 * Easy to get wrong: a request never becomes a path of the file system. It is looked up among the files that were listed,
 * so nothing outside the folder can be reached, whatever it asks for. A page that is built anew while the agent runs is
 * noticed by its index.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'

export type Encoding = 'br' | 'gzip'

export interface PageFile {
  readonly type: string
  /** Its name has a hash of its contents, so it never changes. */
  readonly isImmutable: boolean
  /** What there is besides the plain form. */
  readonly encodings: readonly Encoding[]
  read(encoding: Encoding | null): Promise<FileContents>
}

export interface FileContents {
  readonly bytes: Buffer
  /** A strong ETag, quoted. */
  readonly etag: string
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}
const suffixes: Readonly<Record<Encoding, string>> = { br: '.br', gzip: '.gz' }
const indexName = 'index.html'

export class PageFiles {
  readonly #folder: string
  #files: ReadonlyMap<string, PageFile> = new Map()
  #builtAtMs = -1

  /** @param folder need not exist: nothing is found then, until the page is built */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** @param name with `/` between its parts, as in an address; null when there is no such file */
  async find(name: string): Promise<PageFile | null> {
    await this.#list()
    return this.#files.get(name) ?? null
  }

  /** The page itself; null while it is not built. */
  async index(): Promise<PageFile | null> {
    return this.find(indexName)
  }

  async #list(): Promise<void> {
    const index = await stat(join(this.#folder, indexName)).catch(() => null)
    const builtAtMs = index?.mtimeMs ?? -1
    if (builtAtMs === this.#builtAtMs) return
    this.#files = builtAtMs === -1 ? new Map() : await listFiles(this.#folder)
    this.#builtAtMs = builtAtMs
  }
}

async function listFiles(folder: string): Promise<ReadonlyMap<string, PageFile>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = new Set(entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name)))
  const files = new Map<string, PageFile>()
  for (const path of paths) {
    const type = types[extname(path)]
    const name = path.slice(folder.length + 1).replaceAll(sep, '/')
    if (type !== undefined) files.set(name, pageFile(name, path, type, paths))
  }
  return files
}

function pageFile(name: string, path: string, type: string, paths: ReadonlySet<string>): PageFile {
  const kept = new Map<Encoding | null, Promise<FileContents>>()
  return {
    type,
    isImmutable: name.startsWith('assets/'),
    encodings: (['br', 'gzip'] as const).filter((encoding) => paths.has(path + suffixes[encoding])),
    read(encoding) {
      const known = kept.get(encoding) ?? readContents(encoding === null ? path : path + suffixes[encoding])
      kept.set(encoding, known)
      known.catch(() => kept.delete(encoding))
      return known
    },
  }
}

async function readContents(path: string): Promise<FileContents> {
  const bytes = await readFile(path)
  return { bytes, etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"` }
}
