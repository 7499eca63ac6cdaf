/** Names with values, such as tags: as many rows as one likes. */
import { useLayoutEffect, useRef } from 'preact/hooks'
import { Button } from '../../ui/button.tsx'
import { TextInput } from '../../ui/inputs.tsx'
import { errorOf } from './form-fields.ts'
import { type Entry, type FieldProblem, newEntry } from './job-draft.ts'

export interface EntryRowsProps {
  readonly field: 'tags' | 'metadata'
  readonly label: string
  /** What one row is: `tag`. */
  readonly noun: string
  readonly hint: string
  readonly entries: readonly Entry[]
  readonly problems: readonly FieldProblem[]
  readonly onChange: (entries: readonly Entry[]) => void
  /** Proposals for the name, by the id of a datalist. */
  readonly namesId?: string
}

export function EntryRows({ field, label, noun, hint, entries, problems, onChange, namesId }: EntryRowsProps) {
  const list = useRef<HTMLFieldSetElement>(null)
  const toFocus = useRef<string | null>(null)
  // At once when the rows are there as they will be: whoever adds one types on without waiting.
  useLayoutEffect(() => {
    if (toFocus.current !== null) list.current?.querySelector<HTMLElement>(toFocus.current)?.focus()
    toFocus.current = null
  }, [entries])
  const change = (id: number, part: Partial<Entry>) =>
    onChange(entries.map((entry) => (entry.id === id ? { ...entry, ...part } : entry)))
  const add = () => {
    onChange([...entries, newEntry()])
    toFocus.current = '.entry:last-of-type input'
  }
  const remove = (id: number) => {
    onChange(entries.filter((entry) => entry.id !== id))
    toFocus.current = '.entry-add'
  }
  const own = errorOf(problems, field)
  return (
    <fieldset class="entries" ref={list} aria-describedby={`${field}-hint`}>
      <legend class="field-label">{label}</legend>
      {entries.map((entry, index) => {
        const error = errorOf(problems, `${field}.${entry.key}`)
        const errorId = error === undefined ? undefined : `${field}-${entry.id}-error`
        const wiring = { 'aria-invalid': error === undefined ? undefined : true, 'aria-describedby': errorId } as const
        return (
          <div class="entry" key={entry.id}>
            <TextInput
              isCode
              {...wiring}
              aria-label={`${noun} ${index + 1}, name`}
              placeholder="name"
              list={namesId}
              value={entry.key}
              onInput={(key) => change(entry.id, { key })}
            />
            <span aria-hidden="true">=</span>
            <TextInput
              isCode
              {...wiring}
              aria-label={`${noun} ${index + 1}, value`}
              placeholder="value"
              value={entry.value}
              onInput={(value) => change(entry.id, { value })}
            />
            <Button
              kind="quiet"
              icon="trash"
              label={`Remove ${entry.key === '' ? `${noun} ${index + 1}` : entry.key}`}
              onClick={() => remove(entry.id)}
            />
            {error !== undefined && (
              <p class="field-error entry-error" id={errorId}>
                {error}
              </p>
            )}
          </div>
        )
      })}
      <Button size="small" icon="plus" class="entry-add" onClick={add}>
        Add {noun}
      </Button>
      <p class="field-hint" id={`${field}-hint`}>
        {hint}
      </p>
      {own !== undefined && <p class="field-error">{own}</p>}
    </fieldset>
  )
}
