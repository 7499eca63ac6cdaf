/** A search in an output that may still grow: goes on by itself, a slice at a time, and knows which match is looked at. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { OutputBuffer } from './output-buffer.ts'
import { type Match, OutputSearch } from './output-search.ts'

export interface FoundOutput {
  readonly search: OutputSearch | null
  /** Of the match that is looked at; -1 for none. */
  readonly current: number
  /** `3 of 20`. */
  readonly text: string
  /** @returns the match to show */
  readonly go: (step: 1 | -1) => Match | null
}

const linesInSlice = 20_000

export interface SearchPlace {
  /** The first line in sight, where a new search begins. */
  readonly from: () => number
  /** What a new search has found first. */
  readonly show: (match: Match) => void
}

/** @param needle empty: no search */
export function useOutputSearch(buffer: OutputBuffer, needle: string, place: SearchPlace): FoundOutput {
  const { generation, version } = buffer
  // A buffer that began anew is searched anew.
  const search = useMemo(() => (needle === '' ? null : new OutputSearch(buffer, needle)), [buffer, needle, generation])
  const [current, setCurrent] = useState(-1)
  const [, setSeen] = useState(0)
  const isNew = useRef(true)
  // Another search has no match yet that is looked at.
  useEffect(() => {
    setCurrent(-1)
    isNew.current = true
  }, [search])

  // More text goes on with the search.
  useEffect(() => {
    if (search === null) return
    let timer: ReturnType<typeof setTimeout> | undefined
    const advance = () => {
      const isDone = search.advance(linesInSlice)
      setSeen((before) => before + 1)
      if (!isDone) timer = setTimeout(advance, 0)
      else if (isNew.current) showFirst()
    }
    const showFirst = () => {
      const index = search.indexFrom(place.from())
      const match = search.match(index)
      if (match === null) return
      isNew.current = false
      setCurrent(index)
      place.show(match)
    }
    advance()
    return () => clearTimeout(timer)
  }, [search, version])

  const go = (step: 1 | -1) => {
    if (search === null || search.count === 0) return null
    const next = (Math.max(current, step === 1 ? -1 : 0) + step + search.count) % search.count
    setCurrent(next)
    return search.match(next)
  }
  return { search, current, text: foundText(search, current), go }
}

function foundText(search: OutputSearch | null, current: number): string {
  if (search === null) return ''
  if (search.count === 0) return 'nothing found'
  const count = `${search.count.toLocaleString('en')}${search.isCut ? ' or more' : ''}`
  return current < 0 ? `${count} found` : `${current + 1} of ${count}`
}
