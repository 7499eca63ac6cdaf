/** Who is there, who leads, how NATS is, and first of all what is wrong. */
import type { ClusterAnswer } from '../../api/cluster-wire.ts'
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

/** How it is told that loads, clocks and disks have changed, of which no event tells. */
const everyMs = 1_000

export function ClusterPage() {
  const { data, error, reload } = useResource<ClusterAnswer>('/ops/cluster', [{ kind: 'cluster' }], { everyMs })
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
              , since <TimeText at={leader.since} show="both" />
            </>
          )}
          .
        </>
      )}{' '}
      As {asked_node} saw it <TimeText at={at} />.
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
