/** Sorting of very many items that lets everything else have its turn: by runs that are sorted at once, then merged. */
import type { TimeSlice } from './time-slice.ts'

const sortedAtOnce = 2_000

type Compare<Item> = (a: Item, b: Item) => number

/** A sorted copy; items that compare as 0 keep their order. */
export async function sortedInSlices<Item>(
  items: readonly Item[],
  compare: Compare<Item>,
  slice: TimeSlice,
): Promise<readonly Item[]> {
  let runs: (readonly Item[])[] = []
  for (let start = 0; start < items.length; start += sortedAtOnce) {
    runs.push(items.slice(start, start + sortedAtOnce).sort(compare))
    if (slice.isOver) await slice.rest()
  }
  while (runs.length > 1) {
    const fewer: (readonly Item[])[] = []
    for (let index = 0; index < runs.length; index += 2) {
      fewer.push(merged(runs[index] ?? [], runs[index + 1] ?? [], compare))
      if (slice.isOver) await slice.rest()
    }
    runs = fewer
  }
  return runs[0] ?? []
}

function merged<Item>(some: readonly Item[], more: readonly Item[], compare: Compare<Item>): readonly Item[] {
  const all: Item[] = []
  let index = 0
  for (const item of more) {
    while (index < some.length && compare(some[index] as Item, item) <= 0) all.push(some[index++] as Item)
    all.push(item)
  }
  while (index < some.length) all.push(some[index++] as Item)
  return all
}
