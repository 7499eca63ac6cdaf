/** The line above the list: what is shown, or what is selected and what can be done with it. Always as high. */
import { useRef, useState } from 'preact/hooks'
import { Button } from '../../ui/button.tsx'
import { confirm } from '../../ui/confirm.tsx'
import { toast } from '../../ui/toast.tsx'
import { BulkDialog } from './bulk-dialog.tsx'
import { type BulkOrder, bulkOrders, jobsText } from './bulk-orders.ts'
import { failureText } from './failure-text.ts'
import type { ListQuery } from './list-query.ts'
import { mostSelected, namesMatching } from './names-matching.ts'

export interface BulkBarProps {
  readonly selected: ReadonlySet<string>
  /** What is shown, in words. */
  readonly range: string
  readonly query: ListQuery
  readonly matched: number
  readonly onSelect: (selected: ReadonlySet<string>) => void
  readonly onDone: () => void
}

interface Started {
  readonly order: BulkOrder
  readonly names: readonly string[]
}

export function BulkBar({ selected, range, query, matched, onSelect, onDone }: BulkBarProps) {
  const [started, setStarted] = useState<Started | null>(null)
  const status = useRef<HTMLSpanElement>(null)
  const ask = async (order: BulkOrder) => {
    const names = [...selected].toSorted()
    if (await confirm(questionOf(order, names))) setStarted({ order, names })
  }
  return (
    <div class="list-bar" role="toolbar" aria-label="Selected jobs">
      <span class="list-range" role="status" ref={status} tabIndex={-1}>
        {selected.size === 0 ? range : `${jobsText(selected.size)} selected`}
      </span>
      {selected.size > 0 && (
        <>
          {bulkOrders.map((order) => (
            <Button
              key={order.key}
              size="small"
              kind={order.kind === 'danger' ? 'danger' : 'plain'}
              onClick={() => void ask(order)}
            >
              {order.verb}
            </Button>
          ))}
          <SelectMatching query={query} matched={matched} selected={selected} onSelect={onSelect} />
          <Button size="small" kind="quiet" onClick={() => onSelect(new Set())}>
            Clear selection
          </Button>
        </>
      )}
      {started !== null && (
        <BulkDialog
          {...started}
          onEnd={(failed) => {
            setStarted(null)
            onSelect(new Set(failed))
            onDone()
            // The button that was pressed is gone with the selection.
            status.current?.focus()
          }}
        />
      )}
    </div>
  )
}

function SelectMatching({ query, matched, selected, onSelect }: Omit<BulkBarProps, 'range' | 'onDone'>) {
  const [isBusy, setIsBusy] = useState(false)
  if (matched <= selected.size) return null
  const select = async () => {
    setIsBusy(true)
    try {
      onSelect(new Set(await namesMatching(query)))
    } catch (error) {
      toast(`The names of the jobs could not be read: ${failureText(error)}`, 'bad')
    } finally {
      setIsBusy(false)
    }
  }
  const isCut = matched > mostSelected
  return (
    <Button size="small" kind="quiet" isBusy={isBusy} onClick={() => void select()}>
      {isCut ? `Select the first ${mostSelected.toLocaleString('en')}` : `Select all ${matched.toLocaleString('en')}`}
    </Button>
  )
}

const mostNamed = 8

function questionOf({ verb, kind, consequence }: BulkOrder, names: readonly string[]) {
  const rest = names.length - mostNamed
  return {
    title: `${verb} ${names.length === 1 ? names[0] : jobsText(names.length)}?`,
    action: `${verb} ${jobsText(names.length)}`,
    kind,
    text: (
      <>
        <p>{consequence}</p>
        {names.length > 1 && (
          <ul class="bulk-names">
            {names.slice(0, mostNamed).map((name) => (
              <li key={name}>{name}</li>
            ))}
            {rest > 0 && <li class="soft">and {jobsText(rest)} more</li>}
          </ul>
        )}
      </>
    ),
  }
}
