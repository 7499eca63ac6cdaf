/**
 * Schemas and their tables to tick.
 *
 * Easy to get wrong: a server may have ten thousand tables, so only open schemas show theirs, some hundred at a time.
 */
import { useId, useState } from 'preact/hooks'
import { bytesText, countText, shortCountText } from '../../../ui/amounts.ts'
import { Button } from '../../../ui/button.tsx'
import { Icon } from '../../../ui/icon.tsx'
import { excludingPattern, includesTable, type Scope, withSchema, withTable } from '../draft/scope.ts'
import type { SchemaNode } from '../draft/scope-tree.ts'
import type { FoundTable } from '../wire.ts'

const shownAtOnce = 200
/** A search that finds no more than this many schemas opens them. */
const openedBySearch = 12

export interface SchemaTreeProps {
  readonly nodes: readonly SchemaNode[]
  readonly scope: Scope
  readonly isSearching: boolean
  readonly onChange: (scope: Scope) => void
}

export function SchemaTree({ nodes, scope, isSearching, onChange }: SchemaTreeProps) {
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set())
  const isOpenAtFirst = nodes.length === 1 || (isSearching && nodes.length <= openedBySearch)
  const toggle = (name: string) => {
    const next = new Set(toggled)
    if (!next.delete(name)) next.add(name)
    setToggled(next)
  }
  return (
    <ul class="rj-tree">
      {nodes.map((node) => (
        <SchemaItem
          key={node.schema.name}
          node={node}
          scope={scope}
          isOpen={toggled.has(node.schema.name) !== isOpenAtFirst}
          onToggle={() => toggle(node.schema.name)}
          onChange={onChange}
        />
      ))}
    </ul>
  )
}

interface SchemaItemProps {
  readonly node: SchemaNode
  readonly scope: Scope
  readonly isOpen: boolean
  readonly onToggle: () => void
  readonly onChange: (scope: Scope) => void
}

function SchemaItem({ node, scope, isOpen, onToggle, onChange }: SchemaItemProps) {
  const id = useId()
  const { schema, state, pickedCount, followsNew } = node
  return (
    <li>
      <div class="rj-tree-row">
        <button
          type="button"
          class="rj-tree-open"
          aria-expanded={isOpen}
          aria-controls={id}
          aria-label={`Tables of ${schema.name}`}
          onClick={onToggle}
        >
          <Icon name={isOpen ? 'down' : 'right'} size={14} />
        </button>
        <label class="rj-tree-name">
          <input
            type="checkbox"
            checked={state === 'all'}
            indeterminate={state === 'some'}
            onChange={() => onChange(withSchema(scope, schema.name, state !== 'all'))}
          />
          <span>{schema.name}</span>
        </label>
        <span class="rj-tree-note">
          {countText(pickedCount)} of {countText(schema.tables.length)} tables
          {followsNew && ', and those to come'}
        </span>
      </div>
      <div id={id} hidden={!isOpen}>
        {isOpen && <TableItems node={node} scope={scope} onChange={onChange} />}
      </div>
    </li>
  )
}

function TableItems({ node: { schema, shown }, scope, onChange }: Omit<SchemaItemProps, 'isOpen' | 'onToggle'>) {
  const [limit, setLimit] = useState(shownAtOnce)
  const set = (table: FoundTable, isWanted: boolean) => {
    const siblings = schema.tables.map(({ name }) => name)
    onChange(withTable(scope, schema.name, table.name, isWanted, siblings))
  }
  if (schema.tables.length === 0) return <p class="rj-tree-empty">No tables yet.</p>
  return (
    <>
      <ul class="rj-tree-tables">
        {shown.slice(0, limit).map((table) => (
          <TableItem key={table.name} schema={schema.name} table={table} scope={scope} set={set} />
        ))}
      </ul>
      {shown.length > limit && (
        <Button size="small" kind="quiet" onClick={() => setLimit(limit + shownAtOnce * 5)}>
          Show more of {countText(shown.length - limit)} tables
        </Button>
      )}
    </>
  )
}

interface TableItemProps {
  readonly schema: string
  readonly table: FoundTable
  readonly scope: Scope
  readonly set: (table: FoundTable, isWanted: boolean) => void
}

function TableItem({ schema, table, scope, set }: TableItemProps) {
  const isPicked = includesTable(scope, schema, table.name)
  const barrier = isPicked ? null : excludingPattern(scope, schema, table.name)
  return (
    <li class="rj-tree-row">
      <label class="rj-tree-name">
        <input
          type="checkbox"
          checked={isPicked}
          disabled={barrier !== null}
          onChange={(event) => set(table, event.currentTarget.checked)}
        />
        <span>{table.name}</span>
      </label>
      <span class="rj-tree-note">{barrier === null ? tableNote(table) : 'left out by a rule below'}</span>
    </li>
  )
}

function tableNote({ kind, rows_estimate, bytes, has_key, engine }: FoundTable): string {
  if (kind !== 'table') return kind
  return [
    rows_estimate === null ? '' : `${shortCountText(rows_estimate)} rows`,
    bytes === null ? '' : bytesText(bytes),
    engine === null || engine.toLowerCase() === 'innodb' ? '' : engine,
    has_key === false ? 'no key' : '',
  ]
    .filter((part) => part !== '')
    .join(', ')
}
