/** The streams that keep everything: where each is led, its copies, how full it is. */
import { useState } from 'preact/hooks'
import type { NatsStream } from '../../api/cluster-wire.ts'
import { Card } from '../../ui/card.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { StatusMark } from '../../ui/status-badge.tsx'
import { type Column, type Sort, Table } from '../../ui/table.tsx'
import { Bytes, Count } from '../../ui/time-text.tsx'
import { isShort, sortedStreams, streamTitle } from './stream-order.ts'

export function StreamsCard({ streams }: { readonly streams: readonly NatsStream[] }) {
  const [sort, setSort] = useState<Sort>({ key: 'bytes', order: 'desc' })
  return (
    <Card title="Streams" note={String(streams.length)} isFlush>
      {streams.length === 0 ? (
        <EmptyState title="No streams" text="The agent makes them when it starts; look at its log." />
      ) : (
        <Table
          caption="Streams of NATS JetStream"
          columns={columns}
          rows={sortedStreams(streams, sort)}
          rowKey={({ name }) => name}
          sort={sort}
          onSort={setSort}
        />
      )}
    </Card>
  )
}

const columns: readonly Column<NatsStream>[] = [
  {
    key: 'name',
    title: 'Stream',
    isSortable: true,
    isWide: true,
    render: ({ name }) => (
      <span class="stream-name">
        {streamTitle(name)} <code class="code">{name}</code>
      </span>
    ),
  },
  {
    key: 'copies',
    title: 'Copies',
    isSortable: true,
    render: (stream) => (
      <span class="stream-copies">
        <StatusMark tone={stream.leader === null ? 'bad' : isShort(stream) ? 'warn' : 'good'} />
        {stream.replicas_current} of {stream.replicas_wanted}
        {stream.leader === null && <span class="is-far-off"> no leader</span>}
      </span>
    ),
  },
  {
    key: 'behind',
    title: 'Copy behind',
    align: 'end',
    isSortable: true,
    isMinor: true,
    render: ({ replica_lag }) => <Count value={replica_lag} />,
  },
  {
    key: 'unread',
    title: 'Unread',
    align: 'end',
    isSortable: true,
    isMinor: true,
    render: ({ consumer_lag }) => <Count value={consumer_lag} />,
  },
  {
    key: 'messages',
    title: 'Messages',
    align: 'end',
    isSortable: true,
    render: ({ messages }) => <Count value={messages} />,
  },
  { key: 'bytes', title: 'Size', align: 'end', isSortable: true, render: ({ bytes }) => <Bytes value={bytes} /> },
  { key: 'full', title: 'Full', isSortable: true, isMinor: true, render: (stream) => <Fullness stream={stream} /> },
]

function Fullness({ stream: { bytes, limit_bytes, name } }: { readonly stream: NatsStream }) {
  if (limit_bytes === null || limit_bytes <= 0) return <span class="is-none">no limit</span>
  const share = bytes / limit_bytes
  const tone = share >= 0.95 ? 'bad' : share >= 0.8 ? 'warn' : 'busy'
  return (
    <span class="fullness">
      <meter class={`is-${tone}`} value={share} max={1} aria-label={`how full ${name} is`} />
      <span>
        {share < 0.001 ? '0' : (share * 100).toFixed(share < 0.1 ? 1 : 0)} % of <Bytes value={limit_bytes} />
      </span>
    </span>
  )
}
