/** The nodes, each with what it is, what it does, and how its clock and disk are. */
import type { ClusterAnswer, ClusterMember, MemberStatus } from '../../api/cluster-wire.ts'
import { durationText } from '../../ui/amounts.ts'
import { Card } from '../../ui/card.tsx'
import { Icon } from '../../ui/icon.tsx'
import { StatusBadge, type Tone } from '../../ui/status-badge.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Bytes, Count, TimeText } from '../../ui/time-text.tsx'

const tones: Readonly<Record<MemberStatus, Tone>> = { alive: 'good', leaving: 'warn', left: 'idle', failed: 'bad' }
/** Jobs fire by the second; `/ops/cluster` warns from there. */
const farOffMs = 1_000

export function MembersCard({ cluster }: { readonly cluster: ClusterAnswer }) {
  const { members } = cluster
  const alive = members.filter(({ status }) => status === 'alive').length
  return (
    <Card title="Members" note={`${alive} of ${members.length} alive`} isFlush>
      <Table
        caption="Nodes of the cluster"
        columns={columnsOf(cluster)}
        rows={members}
        rowKey={({ node_id }) => node_id}
        rowClass={({ status }) => (status === 'alive' ? '' : 'is-away')}
      />
    </Card>
  )
}

function columnsOf({ leader, asked_node }: ClusterAnswer): readonly Column<ClusterMember>[] {
  return [
    {
      key: 'name',
      title: 'Node',
      render: ({ node_name, address }) => (
        <div class="member-name">
          <span class="member-head">
            <strong>{node_name}</strong>
            {leader?.node_name === node_name && (
              <span class="member-mark is-leader">
                <Icon name="crown" size={12} /> leader
              </span>
            )}
            {asked_node === node_name && <span class="member-mark">this node</span>}
          </span>
          <span class="member-address">{address}</span>
        </div>
      ),
    },
    {
      key: 'status',
      title: 'Status',
      render: ({ status, since }) => (
        <>
          <StatusBadge tone={tones[status]} text={status} />{' '}
          {status !== 'alive' && since !== null && <TimeText at={since} />}
        </>
      ),
    },
    { key: 'tags', title: 'Tags', isWide: true, render: ({ tags }) => <Tags tags={tags} /> },
    { key: 'running', title: 'Commands', align: 'end', render: ({ running }) => <Count value={running} /> },
    { key: 'tasks', title: 'Tasks', align: 'end', render: ({ tasks }) => <Count value={tasks} /> },
    { key: 'disk', title: 'Disk free', align: 'end', render: ({ free_bytes }) => <Bytes value={free_bytes} /> },
    {
      key: 'clock',
      title: 'Clock',
      align: 'end',
      render: ({ clock_offset_ms }) => <Clock offsetMs={clock_offset_ms} />,
    },
    {
      key: 'version',
      title: 'Version',
      isMinor: true,
      render: ({ version, nats_role }) => (
        <div class="member-version">
          {version}
          <span class="member-address">NATS {nats_role}</span>
        </div>
      ),
    },
    {
      key: 'started',
      title: 'Started',
      align: 'end',
      isMinor: true,
      render: ({ started_at, status }) => (status === 'alive' ? <TimeText at={started_at} /> : '–'),
    },
  ]
}

function Tags({ tags }: { readonly tags: Readonly<Record<string, string>> }) {
  const all = Object.entries(tags)
  if (all.length === 0) return <span class="is-none">none</span>
  return (
    <ul class="tag-list">
      {all.map(([name, value]) => (
        <li key={name} class="tag">
          {name}={value}
        </li>
      ))}
    </ul>
  )
}

/** How far its wall clock is ahead of the cluster's time, or behind. */
function Clock({ offsetMs }: { readonly offsetMs: number | null }) {
  if (offsetMs === null) return <span class="is-none">–</span>
  const size = Math.abs(offsetMs)
  const text = `${offsetMs < 0 ? '−' : '+'}${durationText(size)}`
  return (
    <span
      class={size >= farOffMs ? 'amount is-far-off' : 'amount'}
      title="against the time that the cluster schedules by"
    >
      {size < 1 ? '0 ms' : text}
    </span>
  )
}
