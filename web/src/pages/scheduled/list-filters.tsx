/** Search and filters of the list. What they say is in the address of the page. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { useResource } from '../../live/resource.ts'
import { Button } from '../../ui/button.tsx'
import { Field } from '../../ui/field.tsx'
import { Select, TextInput } from '../../ui/inputs.tsx'
import { isFiltered, type JobStatus, type ListQuery, plainQuery, statuses } from './list-query.ts'
import { statusWords } from './outcome-words.ts'
import type { JobTag } from './wire.ts'

export interface ListFiltersProps {
  readonly query: ListQuery
  readonly onChange: (change: Partial<ListQuery>) => void
}

const typingPauseMs = 200

export function ListFilters({ query, onChange }: ListFiltersProps) {
  const tags = useResource<{ readonly tags: readonly JobTag[] }>('/ops/scheduled-jobs/tags', [
    { kind: 'scheduled-jobs' },
  ])
  const statusOptions = statuses.map((status) => ({ value: status, text: statusWords[status].text }))
  return (
    <search class="filters">
      <Field label="Search">
        <SearchBox value={query.search} onChange={(search) => onChange({ search })} />
      </Field>
      <Field label="Status">
        <Select
          value={query.status}
          options={[{ value: '', text: 'All' }, ...statusOptions]}
          onChange={(status) => onChange({ status: status as JobStatus | '' })}
        />
      </Field>
      <Field label="Tag">
        <Select
          value={query.tag}
          options={[{ value: '', text: 'All' }, ...tagOptions(tags.data?.tags ?? [], query.tag)]}
          onChange={(tag) => onChange({ tag })}
        />
      </Field>
      {isFiltered(query) && (
        <Button kind="quiet" icon="close" onClick={() => onChange({ search: '', status: '', tag: plainQuery.tag })}>
          Clear filters
        </Button>
      )}
    </search>
  )
}

/** Tells what was typed when there is a pause. The value from outside wins only while nobody types. */
function SearchBox({ value, onChange }: { readonly value: string; readonly onChange: (value: string) => void }) {
  const [typed, setTyped] = useState(value)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  useEffect(() => {
    if (timer.current === undefined) setTyped(value)
  }, [value])
  useEffect(() => () => clearTimeout(timer.current), [])
  const type = (text: string) => {
    setTyped(text)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => {
      timer.current = undefined
      onChange(text)
    }, typingPauseMs)
  }
  return <TextInput type="search" value={typed} onInput={type} placeholder="Name or command" maxLength={200} />
}

/** A tag in the address may be one that no job has now. */
function tagOptions(tags: readonly JobTag[], current: string) {
  const options = tags.map(({ name, value, jobs }) => ({
    value: `${name}=${value}`,
    text: `${name}: ${value} (${jobs})`,
  }))
  const isListed = current === '' || options.some(({ value }) => value === current)
  return isListed ? options : [{ value: current, text: current }, ...options]
}
