/** The full copy: all of it, and table by table. */

import { countText } from '../../../ui/amounts.ts'
import { Card } from '../../../ui/card.tsx'
import { ProgressBar } from '../../../ui/progress-bar.tsx'
import { type Column, Table } from '../../../ui/table.tsx'
import { Bytes, Count, Duration } from '../../../ui/time-text.tsx'
import { doneShare } from '../figures/done-share.ts'
import type { OpsJobDetails, OpsTable } from '../wire.ts'

export function CopyTables({ job }: { readonly job: OpsJobDetails }) {
  const { copy, tables } = job
  const isOver = job.stage === 'incremental' || job.stage === 'complete'
  if (copy.tables === 0) return null
  if (isOver)
    return (
      <details class="card rj-copied">
        <summary>
          <h2>Full copy</h2>
          <span class="card-note">
            done: {countText(copy.tables)} tables, {countText(copy.rows_copied)} rows,{' '}
            <Bytes value={copy.bytes_copied} />
          </span>
        </summary>
        <TablesOfCopy job={job} />
      </details>
    )
  const share = doneShare({ ...copy, is_done: copy.tables_done === copy.tables })
  return (
    <Card title="Full copy" note={`${countText(copy.tables_done)} of ${countText(copy.tables)} tables done`} isFlush>
      <div class="rj-copy-sum">
        <div class="rj-copy-head">
          <strong>{Math.floor(share * 100)} %</strong>
          <span>
            <Count value={copy.rows_copied} /> of about <Count value={copy.rows_total} /> rows
          </span>
          <span>
            <Bytes value={copy.bytes_copied} />
          </span>
          <span>
            <Count value={job.rows_per_second} /> rows/s, <Bytes value={job.bytes_per_second} />
            /s
          </span>
          <span class="rj-copy-eta">
            {job.eta_ms === null ? 'time left not known yet' : <EtaText ms={job.eta_ms} />}
          </span>
        </div>
        <ProgressBar value={share} label="The whole copy" tone={job.status === 'running' ? 'busy' : 'idle'} />
      </div>
      {tables.length > 0 && <TablesOfCopy job={job} />}
    </Card>
  )
}

function EtaText({ ms }: { readonly ms: number }) {
  return (
    <>
      about <Duration ms={ms} /> left
    </>
  )
}

function TablesOfCopy({ job: { tables, copy } }: { readonly job: OpsJobDetails }) {
  const hidden = copy.tables - tables.length
  return (
    <div class="rj-tables">
      <Table
        caption="Tables of the copy"
        columns={columns}
        rows={tables}
        rowKey={({ schema, name }) => `${schema}\n${name}`}
      />
      {hidden > 0 && (
        <p class="rj-tables-more">
          and {countText(hidden)} more; shown are those at work, then the largest that wait, then the largest done
        </p>
      )}
    </div>
  )
}

const columns: readonly Column<OpsTable>[] = [
  { key: 'name', title: 'Table', isWide: true, render: (table) => <TableName table={table} /> },
  { key: 'done', title: 'Copied', isMinor: true, render: (table) => <TableBar table={table} /> },
  {
    key: 'rows',
    title: 'Rows',
    align: 'end',
    render: ({ rows_copied, rows_total, is_done }) => (
      <span class="rj-table-rows">
        <Count value={rows_copied} />
        {!is_done && (
          <span class="rj-table-total">
            {' '}
            / <Count value={rows_total} />
          </span>
        )}
      </span>
    ),
  },
  {
    key: 'bytes',
    title: 'Bytes',
    align: 'end',
    isMinor: true,
    render: ({ bytes_copied }) => <Bytes value={bytes_copied} />,
  },
  {
    key: 'rate',
    title: 'Rate',
    align: 'end',
    isMinor: true,
    render: ({ rows_per_second, is_done }) =>
      is_done || rows_per_second === null || rows_per_second === 0 ? (
        <span class="is-none">–</span>
      ) : (
        <>
          <Count value={Math.round(rows_per_second)} />
          /s
        </>
      ),
  },
  {
    key: 'eta',
    title: 'Left',
    align: 'end',
    render: ({ eta_ms, is_done }) => (is_done ? 'done' : <Duration ms={eta_ms} />),
  },
]

function TableName({ table }: { readonly table: OpsTable }) {
  const { schema, name } = table
  return (
    <div class="rj-table-name">
      <span class="rj-soft">{schema}.</span>
      {name}
      <div class="rj-table-narrow">
        <TableBar table={table} />
      </div>
    </div>
  )
}

function TableBar({ table }: { readonly table: OpsTable }) {
  const share = doneShare(table)
  return (
    <div class="rj-table-bar">
      <ProgressBar
        value={share}
        label={`${table.schema}.${table.name}`}
        tone={table.is_done ? 'good' : share > 0 ? 'busy' : 'idle'}
      />
      <span>{Math.floor(share * 100)} %</span>
    </div>
  )
}
