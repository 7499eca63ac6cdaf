/**
 * Rows that stay where they are while somebody points at them, and still show the newest.
 *
 * Easy to get wrong: a list in the order of the last run is another one each second, and who wants to press a button there
 * would press another row's. Another page, filter or order is shown at once all the same.
 */
import { useRef, useState } from 'preact/hooks'

export interface Named {
  readonly name: string
}

export interface HeldRows<Row> {
  readonly rows: readonly Row[]
  /** For the element around the rows. */
  readonly handlers: {
    onPointerEnter(): void
    onPointerLeave(): void
    onFocusCapture(): void
    onBlurCapture(): void
  }
  /** What was deleted here must go at once. */
  release(): void
}

/** @param query whatever asks for other rows when it changes */
export function useHeldRows<Row extends Named>(fresh: readonly Row[], query: string): HeldRows<Row> {
  const [isPointed, setIsPointed] = useState(false)
  const [isFocused, setIsFocused] = useState(false)
  const held = useRef<{ readonly query: string; readonly rows: readonly Row[] } | null>(null)
  const asked = useRef({ query, fresh })
  // Rows of another query come later than the query itself.
  const isStale = asked.current.query !== query && asked.current.fresh === fresh
  if (!isStale) asked.current = { query, fresh }
  const isHeld = (isPointed || isFocused) && !isStale && held.current?.query === query
  const rows = isHeld && held.current !== null ? heldRows(held.current.rows, fresh) : fresh
  if (!isStale) held.current = { query, rows }
  return {
    rows,
    handlers: {
      onPointerEnter: () => setIsPointed(true),
      onPointerLeave: () => setIsPointed(false),
      onFocusCapture: () => setIsFocused(true),
      onBlurCapture: () => setIsFocused(false),
    },
    release: () => {
      held.current = null
    },
  }
}

/** `held` with what is newest of each; one that is gone stays as it was last seen. */
export function heldRows<Row extends Named>(held: readonly Row[], fresh: readonly Row[]): readonly Row[] {
  const byName = new Map(fresh.map((row) => [row.name, row]))
  return held.map((row) => byName.get(row.name) ?? row)
}
