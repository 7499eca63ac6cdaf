/** The text of one row, with what a search found in it marked. */
import type { ComponentChildren } from 'preact'
import type { FoundOutput } from './use-output-search.ts'

export interface LineTextProps {
  readonly text: string
  readonly line: number
  /** Where in the line the row begins. */
  readonly start: number
  readonly found: FoundOutput
}

export function LineText({ text, line, start, found: { search, current } }: LineTextProps) {
  const marks = search?.within(line, start, start + text.length) ?? []
  if (marks.length === 0) return <span>{text}</span>
  const parts: ComponentChildren[] = []
  let at = 0
  for (const mark of marks) {
    const from = Math.max(0, mark.start - start)
    const to = Math.min(text.length, mark.end - start)
    parts.push(text.slice(at, from))
    parts.push(
      <mark key={mark.index} class={mark.index === current ? 'is-current' : undefined}>
        {text.slice(from, to)}
      </mark>,
    )
    at = to
  }
  parts.push(text.slice(at))
  return <span>{parts}</span>
}
