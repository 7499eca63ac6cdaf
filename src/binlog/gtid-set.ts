/**
 * MySQL's GTID sets: which transactions a server has executed.
 *
 * A source is a server's UUID and, since 8.3, perhaps a tag: `uuid:1-5:9:tag:1-3`. Numbers are bigint and intervals
 * inclusive at both ends, as in the text form.
 *
 * Easy to get wrong: in the text a tag holds for all intervals after it until the next tag or UUID, and intervals
 * before the first tag have none (sql/rpl_gtid_set.cc, Gtid_set::add_gtid_text).
 */
import { InvalidPositionError } from './errors.ts'
import { addRange, containsRange, type GtidRange, intersectRanges, subtractRange } from './gtid-ranges.ts'

const uuidPattern = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/
const tagPattern = /^[a-z_][a-z0-9_]{0,31}$/
const rangePattern = /^(\d+)(?:-(\d+))?$/
const largestNumber = 0x7fff_ffff_ffff_fffen

export interface Gtid {
  readonly uuid: string
  /** Empty when there is none. */
  readonly tag: string
  readonly number: bigint
}

interface Source {
  readonly ranges: GtidRange[]
  text: string | null
}

/** A mutable set. Its text is kept per source, so that adding to one source does not format the others again. */
export class GtidSet {
  readonly #sources = new Map<string, Source>()
  #text: string | null = ''

  /** @throws InvalidPositionError if `text` is no GTID set; empty is the empty set */
  static parse(text: string): GtidSet {
    const set = new GtidSet()
    for (const part of text.split(',')) {
      const trimmed = part.trim().toLowerCase()
      if (trimmed !== '') set.#addText(trimmed, text)
    }
    return set
  }

  clone(): GtidSet {
    const copy = new GtidSet()
    copy.addSet(this)
    return copy
  }

  get isEmpty(): boolean {
    return this.#sources.size === 0
  }

  /** True when any member carries a tag: servers before 8.3 can't take such a set. */
  get hasTags(): boolean {
    for (const key of this.#sources.keys()) if (key.includes(':')) return true
    return false
  }

  /** Every source with its intervals, ordered as the server orders them. */
  *entries(): Generator<{ readonly uuid: string; readonly tag: string; readonly ranges: readonly GtidRange[] }> {
    for (const key of [...this.#sources.keys()].sort()) {
      const [uuid = '', tag = ''] = key.split(':')
      yield { uuid, tag, ranges: this.#sources.get(key)?.ranges ?? [] }
    }
  }

  add(gtid: Gtid): void {
    this.addRange(gtid.uuid, gtid.tag, gtid.number, gtid.number)
  }

  /** Adds `first` to `last`, both included. */
  addRange(uuid: string, tag: string, first: bigint, last: bigint): void {
    const key = sourceKey(uuid, tag)
    const source = this.#sources.get(key)
    if (source === undefined) this.#sources.set(key, { ranges: [{ first, last }], text: null })
    else {
      addRange(source.ranges, { first, last })
      source.text = null
    }
    this.#text = null
  }

  addSet(other: GtidSet): void {
    for (const { uuid, tag, ranges } of other.entries())
      for (const range of ranges) this.addRange(uuid, tag, range.first, range.last)
  }

  has(gtid: Gtid): boolean {
    const source = this.#sources.get(sourceKey(gtid.uuid, gtid.tag))
    return source !== undefined && containsRange(source.ranges, { first: gtid.number, last: gtid.number })
  }

  isSubsetOf(other: GtidSet): boolean {
    for (const [key, { ranges }] of this.#sources) {
      const theirs = other.#sources.get(key)
      if (theirs === undefined || !ranges.every((range) => containsRange(theirs.ranges, range))) return false
    }
    return true
  }

  union(other: GtidSet): GtidSet {
    const result = this.clone()
    result.addSet(other)
    return result
  }

  /** What is in this set and not in `other`. */
  subtract(other: GtidSet): GtidSet {
    const result = new GtidSet()
    for (const { uuid, tag, ranges } of this.entries()) {
      const theirs = other.#sources.get(sourceKey(uuid, tag))?.ranges ?? []
      const left = theirs.reduce(subtractRange, [...ranges])
      for (const range of left) result.addRange(uuid, tag, range.first, range.last)
    }
    return result
  }

  /** What is in both. */
  intersect(other: GtidSet): GtidSet {
    const result = new GtidSet()
    for (const { uuid, tag, ranges } of this.entries()) {
      const theirs = other.#sources.get(sourceKey(uuid, tag))?.ranges ?? []
      for (const range of intersectRanges(ranges, theirs)) result.addRange(uuid, tag, range.first, range.last)
    }
    return result
  }

  equals(other: GtidSet): boolean {
    return this.toString() === other.toString()
  }

  /** How many transactions it holds. */
  count(): bigint {
    let count = 0n
    for (const { ranges } of this.#sources.values()) for (const { first, last } of ranges) count += last - first + 1n
    return count
  }

  /** The server's own form: lower case, ordered, joined intervals, no blanks. */
  toString(): string {
    this.#text ??= this.#format()
    return this.#text
  }

  #format(): string {
    if (this.#sources.size === 1) return this.#formatOne()
    let text = ''
    let lastUuid = ''
    for (const key of [...this.#sources.keys()].sort()) {
      const source = this.#sources.get(key)
      if (source === undefined) continue
      const [uuid = '', tag] = key.split(':')
      if (uuid !== lastUuid) text += text === '' ? uuid : `,${uuid}`
      const ranges = rangesText(source)
      text += tag === undefined ? `:${ranges}` : `:${tag}:${ranges}`
      lastUuid = uuid
    }
    return text
  }

  /** The usual case, asked for after every transaction. */
  #formatOne(): string {
    const [entry] = this.#sources
    return entry === undefined ? '' : `${entry[0]}:${rangesText(entry[1])}`
  }

  #addText(part: string, whole: string): void {
    const [uuidText = '', ...items] = part.split(':').map((item) => item.trim())
    if (!uuidPattern.test(uuidText) || items.length === 0) throw invalidSet(whole, part)
    const uuid = dashedUuid(uuidText)
    let tag = ''
    for (const item of items) {
      const match = rangePattern.exec(item)
      if (match === null) {
        if (!tagPattern.test(item)) throw invalidSet(whole, item)
        tag = item
        continue
      }
      const first = BigInt(match[1] ?? '')
      const last = match[2] === undefined ? first : BigInt(match[2])
      if (first < 1n || last > largestNumber) throw invalidSet(whole, item)
      // Parity: the server takes `5-3` as an empty interval.
      if (last >= first) this.addRange(uuid, tag, first, last)
    }
  }
}

/** Reads one GTID, `uuid:5` or `uuid:tag:5`. @throws InvalidPositionError */
export function parseGtid(text: string): Gtid {
  const parts = text.trim().toLowerCase().split(':')
  const [uuid = '', middle = ''] = parts
  const number = parts.at(-1) ?? ''
  const tag = parts.length === 3 ? middle : ''
  const isGtid =
    (parts.length === 2 || (parts.length === 3 && tagPattern.test(tag))) &&
    uuidPattern.test(uuid) &&
    /^\d+$/.test(number)
  if (!isGtid) throw new InvalidPositionError(`"${text}" is not a GTID: write uuid:number or uuid:tag:number`)
  return { uuid: dashedUuid(uuid), tag, number: BigInt(number) }
}

/** `uuid:5` or `uuid:tag:5`. */
export function formatGtid(gtid: Gtid): string {
  return `${sourceKey(gtid.uuid, gtid.tag)}:${gtid.number}`
}

function sourceKey(uuid: string, tag: string): string {
  return tag === '' ? uuid : `${uuid}:${tag}`
}

function rangesText(source: Source): string {
  source.text ??= source.ranges.map(formatRange).join(':')
  return source.text
}

function formatRange({ first, last }: GtidRange): string {
  return first === last ? String(first) : `${first}-${last}`
}

function dashedUuid(text: string): string {
  if (text.includes('-')) return text
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join('-')
}

function invalidSet(whole: string, part: string): InvalidPositionError {
  return new InvalidPositionError(`"${part}" in the GTID set "${whole}" is not uuid:interval, as in ...:1-77:80`)
}
