/**
 * Finds the Debian mirror this machine already uses, so that no address of a mirror stands in the project.
 *
 * Both of apt's formats are read (sources.list(5)); sources that are switched off, on a disc, or of somebody other than
 * Debian are passed over.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface DebianMirror {
  /** As written in the machine's own sources. */
  readonly uri: string
  /** A keyring's path, or null for apt's own default. */
  readonly signedBy: string | null
}

interface SourceEntry extends DebianMirror {
  readonly suites: readonly string[]
  readonly components: readonly string[]
}

const defaultKeyring = '/usr/share/keyrings/debian-archive-keyring.gpg'

// Whole names only: `bookworm-security` lives on another mirror and `bookworm-pgdg` is not Debian's.
const debianSuite =
  /^(stable|oldstable|oldoldstable|testing|unstable|sid|bullseye|bookworm|trixie|forky|duke)(-updates)?$/

/** The machine's Debian mirrors, the most trustworthy first: those that name Debian's own keyring. */
export async function debianMirrors(aptDir = '/etc/apt'): Promise<readonly DebianMirror[]> {
  const entries = (await readSourceFiles(aptDir)).flatMap(({ name, text }) =>
    name.endsWith('.sources') ? parseDeb822(text) : parseOneLine(text),
  )
  const debian = entries.filter(isDebian)
  const named = debian.filter((entry) => entry.signedBy?.includes('debian-archive') === true)
  const mirrors = new Map<string, DebianMirror>()
  for (const { uri, signedBy } of [...named, ...debian]) if (!mirrors.has(uri)) mirrors.set(uri, { uri, signedBy })
  return [...mirrors.values()]
}

async function readSourceFiles(aptDir: string): Promise<{ name: string; text: string }[]> {
  const partsDir = join(aptDir, 'sources.list.d')
  const parts = await readdir(partsDir).catch(() => [])
  const paths = [
    join(aptDir, 'sources.list'),
    ...parts.filter((name) => /\.(list|sources)$/.test(name)).map((name) => join(partsDir, name)),
  ]
  const files = await Promise.all(
    paths.map(async (name) => ({ name, text: await readFile(name, 'utf8').catch(() => '') })),
  )
  return files.filter((file) => file.text !== '')
}

function isDebian(entry: SourceEntry): boolean {
  return (
    !entry.uri.startsWith('cdrom:') &&
    entry.components.includes('main') &&
    entry.suites.some((suite) => debianSuite.test(suite))
  )
}

/** One-line format: `deb [signed-by=KEYRING] URI SUITE COMPONENT...`. */
export function parseOneLine(text: string): SourceEntry[] {
  return text.split('\n').flatMap((line) => {
    const found = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]+)/.exec(line)
    if (found === null) return []
    const [, options = '', uri = '', suite = '', components = ''] = found
    const signedBy = /signed-by=(\S+)/i.exec(options)?.[1]
    return [{ uri, suites: [suite], components: words(components), signedBy: keyringOf(signedBy) }]
  })
}

/** Deb822 format: stanzas of `Field: value`, continued by indented lines. */
export function parseDeb822(text: string): SourceEntry[] {
  return text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .split(/\n\s*\n/)
    .flatMap((stanza) => {
      const fields = stanzaFields(stanza)
      if (!words(fields.get('types')).includes('deb') || /^(no|false|0)$/i.test(fields.get('enabled') ?? '')) return []
      const entry = {
        suites: words(fields.get('suites')),
        components: words(fields.get('components')),
        signedBy: keyringOf(fields.get('signed-by')),
      }
      return words(fields.get('uris')).map((uri) => ({ uri, ...entry }))
    })
}

function stanzaFields(stanza: string): ReadonlyMap<string, string> {
  const unfolded = stanza.replace(/\n[ \t]+/g, ' ')
  const pairs = unfolded.split('\n').flatMap((line): [string, string][] => {
    const colon = line.indexOf(':')
    return colon < 1 ? [] : [[line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]]
  })
  return new Map(pairs)
}

// A key written into the source itself, not as a path, can't be handed on in one line; Debian's own keyring serves.
function keyringOf(value: string | undefined): string | null {
  const path = value?.split(/[\s,]+/)[0]
  if (path?.startsWith('/') === true) return path
  return value === undefined ? null : defaultKeyring
}

function words(value: string | undefined): string[] {
  return (value ?? '').split(/\s+/).filter((word) => word !== '')
}
