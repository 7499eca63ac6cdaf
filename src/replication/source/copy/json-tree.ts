/**
 * A JSON document as MySQL prints it, as a tree in which numbers keep their digits.
 *
 * Easy to get wrong: the text does not tell a decimal from a double, nor a date from a string; whoever must know asks
 * the server for the type at the leaf's path.
 */
import type { JsonNode } from '../../../binlog/json-binary.ts'

export type JsonTree =
  | { readonly kind: 'constant'; readonly text: 'null' | 'true' | 'false' }
  | JsonLeaf
  | { readonly kind: 'array'; readonly items: readonly JsonTree[] }
  | { readonly kind: 'object'; readonly members: readonly { readonly key: string; readonly value: JsonTree }[] }

export interface JsonLeaf {
  readonly kind: 'leaf'
  /** As printed: a number's digits, a string with its quotes. */
  readonly text: string
  /** As JSON_EXTRACT takes it. */
  readonly path: string
  /** Its text may stand for several types. */
  readonly isDoubtful: boolean
}

const tokenPattern = /\s*(?:([{}[\],:])|("(?:[^"\\]|\\.)*")|(-?\d[\d.eE+-]*)|(null|true|false))/sy
/** What dates, times and bytes look like inside strings. */
const typedText = /^"(?:-?\d{2,4}[-:]\d\d|base64:type\d+:)/

/** @throws SyntaxError if the text is no JSON */
export function parseJsonTree(text: string): JsonTree {
  const tokens = new Tokens(text)
  const tree = parseValue(tokens, '$')
  if (tokens.next() !== null) throw new SyntaxError('text after the end of a JSON document')
  return tree
}

/** All leaves whose type must be asked, in order. */
export function doubtfulLeaves(tree: JsonTree): readonly JsonLeaf[] {
  switch (tree.kind) {
    case 'constant':
      return []
    case 'leaf':
      return tree.isDoubtful ? [tree] : []
    case 'array':
      return tree.items.flatMap(doubtfulLeaves)
    case 'object':
      return tree.members.flatMap(({ value }) => doubtfulLeaves(value))
  }
}

/** @param typeOf the JSON_TYPE of a doubtful leaf */
export function toJsonNode(tree: JsonTree, typeOf: (leaf: JsonLeaf) => string): JsonNode {
  switch (tree.kind) {
    case 'constant':
      return tree.text === 'null' ? { kind: 'null' } : { kind: 'boolean', value: tree.text === 'true' }
    case 'leaf':
      return tree.isDoubtful ? typedNode(tree.text, typeOf(tree)) : stringNode(tree.text)
    case 'array':
      return { kind: 'array', items: tree.items.map((item) => toJsonNode(item, typeOf)) }
    case 'object':
      return {
        kind: 'object',
        members: tree.members.map(({ key, value }) => ({
          key: Buffer.from(JSON.parse(key) as string, 'utf8'),
          value: toJsonNode(value, typeOf),
        })),
      }
  }
}

function typedNode(text: string, type: string): JsonNode {
  switch (type) {
    case 'INTEGER':
      return { kind: 'integer', value: BigInt(text), isUnsigned: false }
    case 'UNSIGNED INTEGER':
      return { kind: 'integer', value: BigInt(text), isUnsigned: true }
    case 'DOUBLE':
      return { kind: 'double', value: Number(text) }
    case 'DECIMAL': {
      const scale = text.includes('.') ? text.length - text.indexOf('.') - 1 : 0
      return { kind: 'decimal', text, precision: text.replace(/[-.]/g, '').length, scale }
    }
    case 'DATE':
      return { kind: 'date', text: text.slice(1, -1) }
    case 'TIME':
      return { kind: 'time', text: text.slice(1, -1) }
    case 'DATETIME':
      return { kind: 'datetime', text: text.slice(1, -1) }
    default:
      return bytesNode(text) ?? stringNode(text)
  }
}

/** JSON_TYPE of these is BLOB, BIT or OPAQUE. A string that only looks so would be named STRING. */
function bytesNode(text: string): JsonNode | null {
  const match = /^"base64:type(\d+):(.*)"$/s.exec(text)
  return match === null
    ? null
    : { kind: 'opaque', type: Number(match[1]), bytes: Buffer.from(match[2] ?? '', 'base64') }
}

function stringNode(text: string): JsonNode {
  return { kind: 'string', bytes: Buffer.from(JSON.parse(text) as string, 'utf8') }
}

class Tokens {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  next(): string | null {
    if (/^\s*$/.test(this.#text.slice(this.#at, this.#at + 16)) && this.#text.slice(this.#at).trim() === '') return null
    tokenPattern.lastIndex = this.#at
    const match = tokenPattern.exec(this.#text)
    if (match === null) throw new SyntaxError(`no JSON at character ${this.#at}`)
    this.#at = tokenPattern.lastIndex
    return match[1] ?? match[2] ?? match[3] ?? match[4] ?? ''
  }

  /** Takes the token if it comes next. */
  takes(wanted: string): boolean {
    const at = this.#at
    if (this.next() === wanted) return true
    this.#at = at
    return false
  }
}

function parseValue(tokens: Tokens, path: string): JsonTree {
  const token = tokens.next()
  switch (token) {
    case '{':
      return parseObject(tokens, path)
    case '[':
      return parseArray(tokens, path)
    case 'null':
    case 'true':
    case 'false':
      return { kind: 'constant', text: token }
    default:
      if (token === null || /^[}\],:]$/.test(token)) throw new SyntaxError('a JSON value is missing')
      return { kind: 'leaf', text: token, path, isDoubtful: !token.startsWith('"') || typedText.test(token) }
  }
}

function parseArray(tokens: Tokens, path: string): JsonTree {
  const items: JsonTree[] = []
  if (tokens.takes(']')) return { kind: 'array', items }
  do items.push(parseValue(tokens, `${path}[${items.length}]`))
  while (tokens.takes(','))
  if (!tokens.takes(']')) throw new SyntaxError('a JSON array has no end')
  return { kind: 'array', items }
}

function parseObject(tokens: Tokens, path: string): JsonTree {
  const members: { key: string; value: JsonTree }[] = []
  if (tokens.takes('}')) return { kind: 'object', members }
  do {
    const key = tokens.next() ?? ''
    if (!key.startsWith('"') || !tokens.takes(':')) throw new SyntaxError('a JSON member has no key')
    members.push({ key, value: parseValue(tokens, `${path}.${key}`) })
  } while (tokens.takes(','))
  if (!tokens.takes('}')) throw new SyntaxError('a JSON object has no end')
  return { kind: 'object', members }
}
