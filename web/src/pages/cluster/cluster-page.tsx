/** Who is there, who leads, how NATS is, and first of all what is wrong. */
import { useEffect } from 'preact/hooks'
import type { ClusterAnswer } from '../../api/cluster-wire.ts'
import { now } from '../../live/now.ts'
import { useResource } from '../../live/resource.ts'
import { Card } from '../../ui/card.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Page } from '../../ui/page.tsx'
import { sentence } from '../../ui/sentence.ts'
import { ErrorState, Skeleton } from '../../ui/states.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { TimeText } from '../../ui/time-text.tsx'
import { MembersCard } from './members-card.tsx'
import { NatsCard } from './nats-card.tsx'
import { StreamsCard } from './streams-card.tsx'
import './cluster.css'

const everyMs = 1_000
/** Of loads, clocks and disks no event tells. */
const pollMs = 5_000

export function ClusterPage() {
  const { data, error, reload } = useResource<ClusterAnswer>('/ops/cluster', [{ kind: 'cluster' }], { everyMs })
  const beat = Math.floor(now.value / pollMs)
  useEffect(reload, [beat, reload])
  if (data === undefined)
    return (
      <Page title="Cluster">
        {error === null ? <Skeleton lines={8} /> : <ErrorState error={error} retry={reload} />}
      </Page>
    )
  return (
    <Page title="Cluster" badge={<State cluster={data} />} lead={<Lead cluster={data} />}>
      <Warnings cluster={data} />
      <MembersCard cluster={data} />
      <NatsCard nats={data.nats} members={data.members} />
      {'streams' in data.nats && <StreamsCard streams={data.nats.streams} />}
    </Page>
  )
}

function State({ cluster }: { readonly cluster: ClusterAnswer }) {
  const isCritical = cluster.warnings.some(({ severity }) => severity === 'critical')
  if (isCritical) return <StatusBadge tone="bad" text="Something is down" />
  const isWarned = cluster.warnings.some(({ severity }) => severity === 'warning')
  return isWarned ? <StatusBadge tone="warn" text="Needs attention" /> : <StatusBadge tone="good" text="Healthy" />
}

function Lead({ cluster: { leader, asked_node, at } }: { readonly cluster: ClusterAnswer }) {
  return (
    <>
      {leader === null ? (
        'Nobody leads.'
      ) : (
        <>
          <strong>{leader.node_name}</strong> leads in term {leader.term}
          {leader.since !== null && (
            <>
              , since <TimeText at={leader.since} />
            </>
          )}
          .
        </>
      )}{' '}
      Told by {asked_node}, <TimeText at={at} />.
    </>
  )
}

function Warnings({ cluster: { warnings } }: { readonly cluster: ClusterAnswer }) {
  if (warnings.length === 0) return null
  const tones = { critical: 'bad', warning: 'warn', note: 'note' } as const
  return (
    <Card title="What to look at" isFlush>
      <ul>
        {warnings.map(({ severity, text }) => (
          <li key={text} class={`warning is-${tones[severity]}`}>
            <Icon name={tones[severity]} />
            <p>
              <span class="for-readers">{severity}: </span>
              {sentence(text)}
            </p>
          </li>
        ))}
      </ul>
    </Card>
  )
}
