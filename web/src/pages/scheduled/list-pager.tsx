/** Which part of the list is shown, and the way to the others. */
import { countText } from '../../ui/amounts.ts'
import { Button } from '../../ui/button.tsx'
import { Select } from '../../ui/inputs.tsx'
import { type ListQuery, pageCount, pageSizes } from './list-query.ts'

export interface ListPagerProps {
  readonly query: ListQuery
  readonly matched: number
  readonly onChange: (change: Partial<ListQuery>) => void
}

export function ListPager({ query, matched, onChange }: ListPagerProps) {
  const { page, size } = query
  const pages = pageCount(matched, size)
  const go = (to: number) => () => onChange({ page: to })
  return (
    <nav class="pager" aria-label="Pages of the list">
      <span class="pager-size">
        <span aria-hidden="true">Rows</span>
        <Select
          aria-label="Rows on a page"
          value={String(size)}
          options={pageSizes.map(String)}
          onChange={(text) => onChange({ size: pageSizes.find((each) => String(each) === text) ?? size })}
        />
      </span>
      <span class="pager-place" aria-current="page">
        Page {countText(page)} of {countText(pages)}
      </span>
      <span class="pager-buttons">
        <Button kind="plain" size="small" disabled={page <= 1} onClick={go(1)}>
          First
        </Button>
        <Button
          kind="plain"
          size="small"
          icon="left"
          label="Previous page"
          disabled={page <= 1}
          onClick={go(page - 1)}
        />
        <Button
          kind="plain"
          size="small"
          icon="right"
          label="Next page"
          disabled={page >= pages}
          onClick={go(page + 1)}
        />
        <Button kind="plain" size="small" disabled={page >= pages} onClick={go(pages)}>
          Last
        </Button>
      </span>
    </nav>
  )
}

/** `1–50 of 312 jobs`. */
export function rangeText({ page, size }: ListQuery, matched: number, total: number): string {
  if (matched === 0) return 'No jobs'
  const first = (page - 1) * size + 1
  const last = Math.min(page * size, matched)
  const of = matched === total ? countText(total) : `${countText(matched)} matching of ${countText(total)}`
  return `${countText(Math.min(first, matched))}–${countText(last)} of ${of} ${total === 1 ? 'job' : 'jobs'}`
}
