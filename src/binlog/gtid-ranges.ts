/** Intervals of transaction numbers: sorted, apart from each other by at least one number, both ends included. */
export interface GtidRange {
  readonly first: bigint
  readonly last: bigint
}

/** Adds `added` in place. The next number after the last one, the usual case, costs no search. */
export function addRange(ranges: GtidRange[], added: GtidRange): void {
  const end = ranges.at(-1)
  if (end === undefined || added.first > end.last + 1n) {
    ranges.push(added)
    return
  }
  if (added.first === end.last + 1n) {
    ranges[ranges.length - 1] = { first: end.first, last: added.last }
    return
  }
  const from = firstEndingAtOrAfter(ranges, added.first - 1n)
  let { first, last } = added
  let to = from
  for (let range = ranges[to]; range !== undefined && range.first <= last + 1n; range = ranges[to]) {
    if (range.first < first) first = range.first
    if (range.last > last) last = range.last
    to += 1
  }
  ranges.splice(from, to - from, { first, last })
}

/** True when `wanted` lies inside one of the ranges. */
export function containsRange(ranges: readonly GtidRange[], wanted: GtidRange): boolean {
  const range = ranges[firstEndingAtOrAfter(ranges, wanted.first)]
  return range !== undefined && range.first <= wanted.first && wanted.last <= range.last
}

/** What is left of `ranges` without `removed`. */
export function subtractRange(ranges: readonly GtidRange[], removed: GtidRange): GtidRange[] {
  const left: GtidRange[] = []
  for (const range of ranges) {
    if (range.last < removed.first || range.first > removed.last) {
      left.push(range)
      continue
    }
    if (range.first < removed.first) left.push({ first: range.first, last: removed.first - 1n })
    if (range.last > removed.last) left.push({ first: removed.last + 1n, last: range.last })
  }
  return left
}

/** What lies in both lists. */
export function intersectRanges(ours: readonly GtidRange[], theirs: readonly GtidRange[]): GtidRange[] {
  const common: GtidRange[] = []
  for (const range of ours) {
    for (let at = firstEndingAtOrAfter(theirs, range.first); ; at += 1) {
      const other = theirs[at]
      if (other === undefined || other.first > range.last) break
      const first = other.first > range.first ? other : range
      const last = other.last < range.last ? other : range
      common.push({ first: first.first, last: last.last })
    }
  }
  return common
}

function firstEndingAtOrAfter(ranges: readonly GtidRange[], number: bigint): number {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >> 1
    const range = ranges[middle]
    if (range !== undefined && range.last < number) low = middle + 1
    else high = middle
  }
  return low
}
