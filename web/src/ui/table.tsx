/**
 * A table with sortable headings that stay in sight. Sorting itself is the caller's: often the server does it.
 *
 * Easy to get wrong: what scrolls sideways must be reachable by keyboard, and headings cannot stay in sight of the page
 * inside of it. So the frame scrolls only where the table does not fit.
 */
import type { ComponentChildren, TargetedEvent } from 'preact'
import { useRef } from 'preact/hooks'
import { useOverflow } from './use-overflow.ts'

export interface Column<Row> {
  readonly key: string
  readonly title: ComponentChildren
  readonly render: (row: Row) => ComponentChildren
  readonly isSortable?: boolean
  /** `end` for amounts. */
  readonly align?: 'start' | 'end'
  /** Takes the room that is left, and is cut where there is none. */
  readonly isWide?: boolean
  /** Left out on a narrow screen. */
  readonly isMinor?: boolean
}

export interface Sort {
  readonly key: string
  readonly order: 'asc' | 'desc'
}

export interface TableProps<Row> {
  /** What the table shows, for screen readers. */
  readonly caption: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly rowKey: (row: Row) => string
  readonly rowClass?: (row: Row) => string
  readonly sort?: Sort
  readonly onSort?: (sort: Sort) => void
  /** Row keys that are ticked; with `onSelect` each row has a checkbox. */
  readonly selected?: ReadonlySet<string>
  readonly onSelect?: (selected: ReadonlySet<string>) => void
  /** How a row is called, for its checkbox; its key unless told. */
  readonly rowName?: (row: Row) => string
  /** Dims the rows while others are on their way. */
  readonly isLoading?: boolean
}

export function Table<Row>(props: TableProps<Row>) {
  const { caption, columns, rows, rowKey, isLoading = false } = props
  const frame = useRef<HTMLDivElement>(null)
  const scrolls = useOverflow(frame)
  return (
    <div
      class="table-frame"
      ref={frame}
      data-loading={isLoading || undefined}
      data-scrolls={scrolls || undefined}
      {...(scrolls ? { role: 'region', 'aria-label': caption, tabIndex: 0 } : {})}
    >
      <table class="table" aria-busy={isLoading}>
        <caption class="for-readers">{caption}</caption>
        <thead>
          <tr>
            {props.onSelect !== undefined && <SelectAll {...props} />}
            {columns.map((column) => (
              <Heading key={column.key} column={column} sort={props.sort} onSort={props.onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)} class={props.rowClass?.(row)}>
              {props.onSelect !== undefined && <SelectRow {...props} row={row} />}
              {columns.map((column) => (
                <td key={column.key} class={cellClass(column)}>
                  {column.render(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface HeadingProps<Row> {
  readonly column: Column<Row>
  readonly sort?: Sort | undefined
  readonly onSort?: ((sort: Sort) => void) | undefined
}

function Heading<Row>({ column, sort, onSort }: HeadingProps<Row>) {
  const isSorted = sort?.key === column.key
  const order = isSorted ? sort?.order : undefined
  const ariaSort = order === undefined ? undefined : order === 'asc' ? 'ascending' : 'descending'
  if (column.isSortable !== true || onSort === undefined)
    return (
      <th scope="col" class={cellClass(column)}>
        {column.title}
      </th>
    )
  return (
    <th scope="col" class={cellClass(column)} aria-sort={ariaSort}>
      <button
        type="button"
        class="sort-button"
        onClick={() => onSort({ key: column.key, order: order === 'asc' ? 'desc' : 'asc' })}
      >
        {column.title}
        <svg class={`sort-mark is-${order ?? 'none'}`} width="8" height="10" viewBox="0 0 8 10" aria-hidden="true">
          <path class="sort-up" d="M4 .5 7 4H1Z" />
          <path class="sort-down" d="M4 9.5 1 6h6Z" />
        </svg>
      </button>
    </th>
  )
}

function SelectAll<Row>({ rows, rowKey, selected, onSelect }: TableProps<Row>) {
  const keys = rows.map(rowKey)
  const ticked = keys.filter((key) => selected?.has(key) === true).length
  const change = (event: TargetedEvent<HTMLInputElement>) => {
    const next = new Set(selected)
    for (const key of keys) event.currentTarget.checked ? next.add(key) : next.delete(key)
    onSelect?.(next)
  }
  return (
    <th scope="col" class="cell-select">
      <input
        type="checkbox"
        aria-label="select all rows shown"
        checked={ticked > 0 && ticked === keys.length}
        indeterminate={ticked > 0 && ticked < keys.length}
        onChange={change}
      />
    </th>
  )
}

function SelectRow<Row>({ row, rowKey, rowName, selected, onSelect }: TableProps<Row> & { readonly row: Row }) {
  const key = rowKey(row)
  const change = (event: TargetedEvent<HTMLInputElement>) => {
    const next = new Set(selected)
    event.currentTarget.checked ? next.add(key) : next.delete(key)
    onSelect?.(next)
  }
  return (
    <td class="cell-select">
      <input
        type="checkbox"
        aria-label={`select ${rowName?.(row) ?? key}`}
        checked={selected?.has(key) === true}
        onChange={change}
      />
    </td>
  )
}

function cellClass<Row>({ align, isWide, isMinor }: Column<Row>): string | undefined {
  const classes = [align === 'end' && 'is-end', isWide === true && 'is-wide', isMinor === true && 'is-minor']
  return classes.filter(Boolean).join(' ') || undefined
}
