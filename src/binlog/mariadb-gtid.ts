/**
 * MariaDB's GTIDs, `domain-server-sequence`, and positions, which name the last one of every domain.
 *
 * Easy to get wrong: a position says nothing about sequence numbers before it. It means "the place in the log right
 * after this GTID"; two positions of one domain compare by sequence number, which servers keep growing
 * (`gtid_strict_mode`, or by habit without it).
 */
import { InvalidPositionError } from './errors.ts'

export interface MariadbGtid {
  readonly domain: number
  readonly serverId: number
  readonly sequence: bigint
}

const gtidPattern = /^(\d+)-(\d+)-(\d+)$/
const largestId = 0xffff_ffff
const largestSequence = 0xffff_ffff_ffff_ffffn

/** @throws InvalidPositionError */
export function parseMariadbGtid(text: string): MariadbGtid {
  const match = gtidPattern.exec(text.trim())
  const [domain, serverId, sequence] = [Number(match?.[1]), Number(match?.[2]), BigInt(match?.[3] ?? 0)]
  if (match === null || domain > largestId || serverId > largestId || sequence > largestSequence)
    throw new InvalidPositionError(`"${text}" is not a MariaDB GTID: write domain-server-sequence, as in 0-1-270`)
  return { domain, serverId, sequence }
}

export function formatMariadbGtid({ domain, serverId, sequence }: MariadbGtid): string {
  return `${domain}-${serverId}-${sequence}`
}

/** A mutable position: the last GTID of every domain. */
export class MariadbGtidPosition {
  readonly #domains = new Map<number, MariadbGtid>()
  #text: string | null = ''

  /** @throws InvalidPositionError; empty is the beginning of all history */
  static parse(text: string): MariadbGtidPosition {
    const position = new MariadbGtidPosition()
    for (const part of text.split(',')) {
      if (part.trim() === '') continue
      const gtid = parseMariadbGtid(part)
      if (position.#domains.has(gtid.domain))
        throw new InvalidPositionError(
          `the position "${text}" names domain ${gtid.domain} twice: keep one GTID a domain`,
        )
      position.advance(gtid)
    }
    return position
  }

  get isEmpty(): boolean {
    return this.#domains.size === 0
  }

  /** The last GTID of a domain. */
  get(domain: number): MariadbGtid | undefined {
    return this.#domains.get(domain)
  }

  /** Replaces the GTID of its domain, also by a lower one: the log's order counts, not the number. */
  advance(gtid: MariadbGtid): void {
    this.#domains.set(gtid.domain, gtid)
    this.#text = null
  }

  /** True when every domain of `other` is here with the same or a later sequence number. */
  isAtOrAfter(other: MariadbGtidPosition): boolean {
    for (const theirs of other.#domains.values()) {
      const ours = this.#domains.get(theirs.domain)
      if (ours === undefined || ours.sequence < theirs.sequence) return false
    }
    return true
  }

  /** `0-1-270,1-7-12`, ordered by domain. */
  toString(): string {
    this.#text ??= [...this.#domains.values()]
      .sort((a, b) => a.domain - b.domain)
      .map(formatMariadbGtid)
      .join(',')
    return this.#text
  }
}
