/**
 * A place in a source's history, in the three forms that servers know.
 *
 * Easy to get wrong: with GTIDs, file and offset only inform people. They belong to one server and mean nothing after
 * a failover.
 */
import { GtidSet } from './gtid-set.ts'
import { MariadbGtidPosition } from './mariadb-gtid.ts'

export type Position =
  /** Everything in `executed` has been seen. `file` is empty and `offset` 0 where they are not known. */
  | { readonly kind: 'mysql-gtid'; readonly executed: string; readonly file: string; readonly offset: number }
  /** `gtid` is a list such as `0-1-270,1-7-12`: the last transaction seen of every domain. */
  | { readonly kind: 'mariadb-gtid'; readonly gtid: string; readonly file: string; readonly offset: number }
  /** All of `file` before `offset` (bytes, may pass 2^32) has been seen. */
  | { readonly kind: 'file'; readonly file: string; readonly offset: number }

/**
 * True when nothing that `b` has seen is unseen at `a`.
 *
 * False also means "cannot be compared": positions of different kinds, or GTID positions of histories that parted.
 *
 * @throws InvalidPositionError if a GTID text is malformed
 */
export function isAtOrAfter(a: Position, b: Position): boolean {
  if (a.kind === 'mysql-gtid' && b.kind === 'mysql-gtid')
    return GtidSet.parse(b.executed).isSubsetOf(GtidSet.parse(a.executed))
  if (a.kind === 'mariadb-gtid' && b.kind === 'mariadb-gtid')
    return MariadbGtidPosition.parse(a.gtid).isAtOrAfter(MariadbGtidPosition.parse(b.gtid))
  if (a.kind === 'file' && b.kind === 'file') return compareFilePlaces(a, b) >= 0
  return false
}

/**
 * Orders two positions: negative when `a` comes first, 0 when they are the same place, null when neither contains the
 * other.
 */
export function comparePositions(a: Position, b: Position): number | null {
  const isAfter = isAtOrAfter(a, b)
  const isBefore = isAtOrAfter(b, a)
  if (isAfter && isBefore) return 0
  if (isAfter) return 1
  return isBefore ? -1 : null
}

/** What has been executed as GTIDs; empty without them. */
export function gtidsOf(position: Position): string {
  switch (position.kind) {
    case 'mysql-gtid':
      return position.executed
    case 'mariadb-gtid':
      return position.gtid
    case 'file':
      return ''
  }
}

export function isSamePosition(a: Position, b: Position): boolean {
  return a.kind === b.kind && a.file === b.file && a.offset === b.offset && gtidsOf(a) === gtidsOf(b)
}

/** A short text for status lines, for example `3e11fa47-...:1-77 (binlog.000004:1234)`. */
export function formatPosition(position: Position): string {
  const place = position.file === '' ? '' : `${position.file}:${position.offset}`
  if (position.kind === 'file') return place
  const gtids = gtidsOf(position)
  if (gtids === '') return place === '' ? '(the beginning)' : `(no GTIDs) (${place})`
  return place === '' ? gtids : `${gtids} (${place})`
}

interface FilePlace {
  readonly file: string
  readonly offset: number
}

/** Orders places of one server. Files count up past `.999999`, so the numbers are compared, not the texts. */
export function compareFilePlaces(a: FilePlace, b: FilePlace): number {
  const [fileA, fileB] = [fileNumber(a.file), fileNumber(b.file)]
  if (fileA !== fileB) return fileA < fileB ? -1 : 1
  return a.offset - b.offset
}

function fileNumber(file: string): number {
  return Number(file.slice(file.lastIndexOf('.') + 1))
}
