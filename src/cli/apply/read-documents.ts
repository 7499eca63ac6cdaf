/**
 * Reads what `apply -f` is given: files, folders and standard input, each with one or many jobs in YAML or JSON.
 *
 * Easy to get wrong: the messages of parsers quote the text at fault, which may be a password. What is told of a file
 * that cannot be read as YAML is the place and the kind of the fault, never its text.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { LineCounter, parseAllDocuments } from 'yaml'
import { DocumentError } from '../errors.ts'

export interface JobDocument {
  /** Where it stands: `jobs.yaml`, or `jobs.yaml#2` for the second of several. */
  readonly place: string
  readonly body: Readonly<Record<string, unknown>>
}

const fileName = /^[^.].*\.(ya?ml|json)$/i

/**
 * @param paths `-` is standard input; of a folder all .yaml, .yml and .json files are taken, those of its folders too
 * @throws DocumentError naming the file, and the place in it
 */
export async function readDocuments(
  paths: readonly string[],
  readInput: () => Promise<string>,
): Promise<readonly JobDocument[]> {
  const documents: JobDocument[] = []
  for (const path of paths) {
    if (path === '-') documents.push(...parseDocuments('standard input', await readInput()))
    else for (const file of filesOf(path)) documents.push(...parseDocuments(file, textOf(file)))
  }
  if (documents.length === 0) throw new DocumentError(`${paths.join(', ')}: there is no job in it`)
  return documents
}

/** @throws DocumentError */
export function parseDocuments(name: string, text: string): readonly JobDocument[] {
  const values = (jsonValues(text) ?? yamlValues(name, text)).flat().filter((value) => value !== null)
  return values.map((value, index) => {
    const place = values.length === 1 ? name : `${name}#${index + 1}`
    if (!isObject(value)) throw new DocumentError(`${place}: must be a job, an object with its fields`)
    return { place, body: value }
  })
}

function filesOf(path: string): readonly string[] {
  try {
    if (!statSync(path).isDirectory()) return [path]
    return readdirSync(path, { withFileTypes: true })
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((entry) => {
        const inside = join(path, entry.name)
        if (entry.isDirectory()) return entry.name.startsWith('.') ? [] : filesOf(inside)
        return fileName.test(entry.name) ? [inside] : []
      })
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

function unreadable(path: string, cause: unknown): DocumentError {
  if (cause instanceof DocumentError) return cause
  const { code = 'unknown error' } = cause as NodeJS.ErrnoException
  return new DocumentError(`${path}: cannot be read (${code})`, { cause })
}

/** Null when it is no JSON: YAML takes that too, and knows the place of a fault. */
function jsonValues(text: string): unknown[] | null {
  try {
    return [JSON.parse(text)]
  } catch {
    return null
  }
}

function yamlValues(name: string, text: string): unknown[] {
  const lineCounter = new LineCounter()
  const documents = parseAllDocuments(text, { prettyErrors: false, lineCounter })
  if (!Array.isArray(documents)) return []
  return documents.map((document) => {
    const [error] = document.errors
    if (error !== undefined) {
      const { line, col } = lineCounter.linePos(error.pos[0])
      throw new DocumentError(`${name}:${line}:${col}: is no YAML or JSON: ${faultText(error.code)}`)
    }
    try {
      return document.toJS({ maxAliasCount: 100 }) as unknown
    } catch {
      throw new DocumentError(`${name}: an alias in it cannot be resolved; ${quotesCure}`)
    }
  })
}

const quotesCure = 'a text that begins with *, @, & or % must be in quotes'

/** A parser's code (`BAD_INDENT`) in words. */
function faultText(code: string): string {
  const words = code.toLowerCase().replaceAll('_', ' ')
  return /SCALAR_START|ALIAS|UNEXPECTED_TOKEN|DIRECTIVE/.test(code) ? `${words}; ${quotesCure}` : words
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
