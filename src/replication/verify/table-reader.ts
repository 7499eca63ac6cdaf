/**
 * Reads one side of a table that is compared: digests of parts of it, and the rows of a part one by one.
 *
 * Easy to get wrong: the server hashes the rows, so that little travels, but only where both servers print every value
 * alike. JSON of servers that do not comes as text and is hashed here; then so are all rows of the table.
 */
import { createHash } from 'node:crypto'
import { quoteName, quoteTable } from '../../mysql/identifier.ts'
import type { Session } from '../../mysql/session.ts'
import type { TableName } from '../../mysql/table-definition.ts'
import { readTextRow } from '../../mysql/text-row.ts'
import type { KeyTuple } from '../pipe/frame.ts'
import { cellExpression } from '../source/copy/cell-expressions.ts'
import type { CopyKey } from '../source/copy/copy-key.ts'
import { type KeyRange, keysCondition, rangeCondition } from '../source/copy/key-range.ts'
import { canonicalJson } from './canonical-json.ts'
import { asRow, cellToken, columnOf, jsonText, nullToken, type Side, shownCell } from './cell-tokens.ts'
import type { ColumnPair } from './column-pairs.ts'
import { addDigests, type Digest, digestOf, emptyDigest } from './comparison.ts'

/** A part of a table: a range of its key, single keys, or the rows whose identity begins with one of some prefixes of one length. */
export type Part =
  | { readonly kind: 'range'; readonly range: KeyRange }
  | { readonly kind: 'keys'; readonly keys: readonly KeyTuple[] }
  | { readonly kind: 'buckets'; readonly prefixes: readonly string[] }

/** Every hash begins with nothing. */
export const wholePart: Part = { kind: 'buckets', prefixes: [''] }

export interface ReadRow {
  /** The same for the same row on both servers: a hash of its key, or of all of it where there is no key. */
  readonly identity: string
  /** Hash of all that is compared. */
  readonly hash: string
  /** For people; empty without a key. */
  readonly key: readonly string[]
}

/** One table as both servers have it. */
export interface PartReaders {
  readonly source: TableReader
  readonly target: TableReader
}

export interface TableReaderParts {
  readonly side: Side
  /** In `copyingState`. */
  readonly session: Session
  readonly table: TableName
  readonly pairs: readonly ColumnPair[]
  /** Pairs of the columns by which rows are told apart; null: by all they hold. */
  readonly keyPairs: readonly ColumnPair[] | null
  /** This server's key, for ranges; null where parts are buckets. */
  readonly key: CopyKey | null
}

export class TableReader {
  readonly #parts: TableReaderParts
  readonly #hashesHere: boolean
  /** A row's bucket is known only here, when the row is its own identity and is hashed here. */
  readonly #isSortedHere: boolean

  constructor(parts: TableReaderParts) {
    this.#parts = parts
    this.#hashesHere = parts.pairs.some(({ kind }) => kind === 'json')
    this.#isSortedHere = this.#hashesHere && parts.keyPairs === null
  }

  async digest(part: Part): Promise<Digest> {
    const [sum] = (await this.digests(part, 0)).values()
    return sum ?? emptyDigest
  }

  /**
   * The digests of the part's buckets.
   *
   * @param digits how many hexadecimal digits of the identity's hash name a bucket
   */
  async digests(part: Part, digits: number): Promise<ReadonlyMap<string, Digest>> {
    if (this.#hashesHere) return this.#digestsHere(part, digits)
    const { session } = this.#parts
    const bucket = digits === 0 ? "''" : `LEFT(${this.#identity()}, ${digits})`
    const rows = await session.query(
      `SELECT ${bucket} AS b, COUNT(*) AS n, SUM(CAST(CONV(LEFT(${this.#rowHash()}, 16), 16, 10) AS UNSIGNED)) AS h ` +
        `FROM ${this.#from(part)}${digits === 0 ? '' : ' GROUP BY b'}`,
    )
    return new Map(rows.map((row) => [row.b ?? '', digestOf(Number(row.n), BigInt(row.h ?? '0'))]))
  }

  /** In the order of the key where the part is a range of it. */
  async *rows(part: Part): AsyncGenerator<ReadRow> {
    for await (const row of this.#readRows(part)) if (!this.#isSortedHere || isInPart(row, part)) yield row
  }

  async *#readRows(part: Part): AsyncGenerator<ReadRow> {
    const { side, session, pairs, keyPairs } = this.#parts
    const shown = (keyPairs ?? []).map((pair) => shownCell(pair, side, session.version))
    const identity = keyPairs === null ? [] : [this.#identity()]
    const content = this.#hashesHere ? pairs.map((pair) => this.#content(pair)) : [this.#rowHash()]
    const from = part.kind === 'range' ? `${this.#from(part)}${this.#inOrder()}` : this.#from(part)
    for await (const cells of this.#select([...content, ...identity, ...shown], from)) {
      const hash = this.#hashesHere ? this.#hashOf(cells) : textOf(cells[0])
      const rest = cells.slice(content.length)
      if (keyPairs === null) yield { identity: hash, hash, key: [] }
      else yield { identity: textOf(rest[0]), hash, key: rest.slice(1).map(textOf) }
    }
  }

  /** The keys of some rows of a part, by the rows' identities; empty where parts are buckets. Bytes as they are stored. */
  async keysOf(part: Part, identities: ReadonlySet<string>): Promise<ReadonlyMap<string, KeyTuple>> {
    const { key } = this.#parts
    const found = new Map<string, KeyTuple>()
    if (key === null) return found
    for await (const [identity, ...cells] of this.#select(
      [this.#identity(), ...key.columns.map(cellExpression)],
      this.#from(part),
    ))
      if (identities.has(textOf(identity))) found.set(textOf(identity), tupleOf(cells))
    return found
  }

  /** The key of the row so many rows into the range; null when the range has fewer. Bytes as they are stored. */
  async keyAfter(range: KeyRange, rowCount: number): Promise<KeyTuple | null> {
    const { key } = this.#parts
    if (key === null) return null
    const from = `${this.#from({ kind: 'range', range })}${this.#inOrder()} LIMIT ${rowCount}, 1`
    let found: KeyTuple | null = null
    for await (const cells of this.#select(key.columns.map(cellExpression), from)) found = tupleOf(cells)
    return found
  }

  async #digestsHere(part: Part, digits: number): Promise<ReadonlyMap<string, Digest>> {
    const found = new Map<string, Digest>()
    for await (const { identity, hash } of this.rows(part)) {
      const bucket = identity.slice(0, digits)
      const row = { rows: 1, sum: BigInt(`0x${hash.slice(0, 16)}`) }
      found.set(bucket, addDigests(found.get(bucket) ?? emptyDigest, row))
    }
    return found
  }

  async *#select(expressions: readonly string[], from: string): AsyncGenerator<readonly (Buffer | null)[]> {
    const sql = `SELECT ${expressions.join(', ')} FROM ${from}`
    for await (const batch of this.#parts.session.rawRows(sql))
      for (const row of batch) yield readTextRow(row, 0, expressions.length).cells
  }

  #from(part: Part): string {
    const { table, key } = this.#parts
    const from = asRow(quoteTable(table.schema, table.name))
    if (part.kind === 'buckets') {
      const [first = ''] = part.prefixes
      if (first === '' || this.#isSortedHere) return from
      const list = part.prefixes.map((prefix) => `'${prefix}'`).join(', ')
      return `${from} WHERE LEFT(${this.#identity()}, ${first.length}) IN (${list})`
    }
    if (key === null) return from
    const condition = part.kind === 'range' ? rangeCondition(key, part.range) : keysCondition(key, part.keys)
    return `${from} FORCE INDEX (${quoteName(key.indexName)}) WHERE ${condition}`
  }

  #inOrder(): string {
    const columns = this.#parts.key?.columns.map(({ name }) => columnOf(name)) ?? []
    return columns.length === 0 ? '' : ` ORDER BY ${columns.join(', ')}`
  }

  #content(pair: ColumnPair): string {
    return pair.kind === 'json' ? jsonText(pair, this.#parts.side) : this.#token(pair)
  }

  #token(pair: ColumnPair): string {
    const { side, session } = this.#parts
    return cellToken(pair, side, session.version)
  }

  #rowHash(): string {
    return this.#hash(this.#parts.pairs)
  }

  #identity(): string {
    const { keyPairs, pairs } = this.#parts
    return this.#hash(keyPairs ?? pairs)
  }

  /** SHA2 is the one strong hash that every supported server has: MySQL 9.6 took MD5 and SHA1 out. */
  #hash(pairs: readonly ColumnPair[]): string {
    return `SHA2(CONCAT_WS(';', ${pairs.map((pair) => this.#token(pair)).join(', ')}), 256)`
  }

  #hashOf(cells: readonly (Buffer | null)[]): string {
    const hash = createHash('sha256')
    for (const [index, { kind }] of this.#parts.pairs.entries()) {
      const cell = cells[index] ?? null
      const bytes = kind === 'json' && cell !== null ? Buffer.from(canonicalJson(cell.toString('utf8'))) : cell
      const token = bytes ?? Buffer.from(nullToken)
      hash
        .update(kind === 'json' ? `${bytes === null ? nullToken : token.length}:` : '')
        .update(token)
        .update(';')
    }
    return hash.digest('hex')
  }
}

function isInPart({ identity }: ReadRow, part: Part): boolean {
  return part.kind !== 'buckets' || part.prefixes.some((prefix) => identity.startsWith(prefix))
}

function tupleOf(cells: readonly (Buffer | null)[]): KeyTuple {
  return cells.map((cell) => (cell ?? Buffer.alloc(0)).toString('base64'))
}

function textOf(cell: Buffer | null | undefined): string {
  return cell?.toString('utf8') ?? ''
}
