/** What is replicated: picked from what the source shows, or written as patterns. */
import { useEffect, useState } from 'preact/hooks'
import { bytesText, countText, shortCountText } from '../../../ui/amounts.ts'
import { Button } from '../../../ui/button.tsx'
import { TextInput } from '../../../ui/inputs.tsx'
import { EmptyState, Skeleton } from '../../../ui/states.tsx'
import type { JobDraft } from '../draft/job-draft.ts'
import { everything, nothing, type Scope } from '../draft/scope.ts'
import { schemaNodes, sumsOf, withFound } from '../draft/scope-tree.ts'
import { faultsOf } from '../draft/steps.ts'
import { sentence } from '../job-words.ts'
import type { FoundSchema } from '../wire.ts'
import { Choices } from './choices.tsx'
import type { StepProps } from './form-parts.ts'
import { RulesEditor } from './rules-editor.tsx'
import { SchemaTree } from './schema-tree.tsx'
import { isCurrent, type ServerCheck } from './use-check.ts'

export function TablesStep({ draft, change, faults, checks }: StepProps) {
  const { scope } = draft
  const set = (changed: Scope) => change({ scope: changed })
  const { answer, isBusy } = checks.source
  const shown = answer?.reachable === true && isCurrent(checks.source, 'source', draft) ? answer : null
  useAskedSource(draft, checks.source)
  return (
    <div class="form">
      <Choices
        label="What is replicated"
        value={scope.isEverything ? 'everything' : 'chosen'}
        choices={[
          {
            value: 'chosen',
            title: 'Chosen schemas and tables',
            text: 'A schema ticked as a whole is followed with the tables that are made in it later.',
          },
          {
            value: 'everything',
            title: 'Everything',
            text: 'All schemas but those of the server itself, also those to come. Untick what is to be left out.',
          },
        ]}
        onChange={(choice) => set({ ...(choice === 'everything' ? everything : nothing), exclude: [] })}
      />
      {faults.scope !== undefined && (
        <p class="field-error" role="alert">
          {faults.scope}
        </p>
      )}
      {shown !== null ? (
        <Picker schemas={shown.schemas} hasAll={shown.has_all_tables} scope={scope} set={set} />
      ) : isBusy ? (
        <Skeleton lines={6} label="Asking the source for its tables" />
      ) : (
        <EmptyState
          icon="note"
          title="The source has not shown its tables yet"
          text={whyNothing(checks.source)}
          action={<Button onClick={() => void checks.source.run(draft)}>Ask the source</Button>}
        />
      )}
      <RulesEditor scope={scope} onChange={set} isOpen={shown === null && !isBusy} />
    </div>
  )
}

function whyNothing({ answer, error }: ServerCheck): string {
  const reason = answer?.error ?? error?.message ?? ''
  return `${sentence(reason)} Ask again to pick them from a list, or write rules below.`.trim()
}

/** Whoever comes here without a test of this connection gets it now. */
function useAskedSource(draft: JobDraft, check: ServerCheck): void {
  useEffect(() => {
    const canAsk = Object.keys(faultsOf('source', draft)).length === 0
    if (canAsk && !check.isBusy && !isCurrent(check, 'source', draft)) void check.run(draft)
  }, [])
}

interface PickerProps {
  readonly schemas: readonly FoundSchema[]
  readonly hasAll: boolean
  readonly scope: Scope
  readonly set: (scope: Scope) => void
}

function Picker({ schemas, hasAll, scope, set }: PickerProps) {
  const [search, setSearch] = useState('')
  const nodes = schemaNodes(schemas, scope, search)
  const setAll = (isWanted: boolean) => set(withFound(scope, nodes, isWanted))
  if (schemas.length === 0)
    return (
      <EmptyState
        icon="note"
        title="The account sees no schema there"
        text="Either the server has none but its own, or the account lacks SELECT: see the findings of the step before."
      />
    )
  return (
    <div class="rj-picker">
      <div class="rj-picker-head">
        <TextInput
          type="search"
          aria-label="Search schemas and tables"
          placeholder="Search schemas and tables"
          value={search}
          onInput={setSearch}
        />
        <Button size="small" onClick={() => setAll(true)}>
          Select all{search.trim() === '' ? '' : ' found'}
        </Button>
        <Button size="small" onClick={() => setAll(false)}>
          Select none{search.trim() === '' ? '' : ' found'}
        </Button>
      </div>
      {nodes.length === 0 ? (
        <EmptyState title="Nothing fits the search" text="It looks in names of schemas and tables." />
      ) : (
        <SchemaTree nodes={nodes} scope={scope} isSearching={search.trim() !== ''} onChange={set} />
      )}
      <SumLine schemas={schemas} scope={scope} hasAll={hasAll} />
    </div>
  )
}

function SumLine({ schemas, scope, hasAll }: Omit<PickerProps, 'set'>) {
  const sums = sumsOf(schemas, scope)
  const plural = (count: number, word: string) => `${countText(count)} ${word}${count === 1 ? '' : 's'}`
  return (
    <div class="rj-sums" role="status">
      <strong>
        {plural(sums.schemas, 'schema')}, {plural(sums.tables, 'table')}
      </strong>
      <span>
        about {shortCountText(sums.rows)} rows, {bytesText(sums.bytes)}
      </span>
      {sums.withoutKey > 0 && (
        <span>{plural(sums.withoutKey, 'table')} without a key: copied whole, after a lock of milliseconds</span>
      )}
      {!hasAll && <span>The list is cut: not all tables of the server are shown.</span>}
    </div>
  )
}
