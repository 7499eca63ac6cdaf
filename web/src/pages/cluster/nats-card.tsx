/** NATS: whose it is, which servers answer, and how many copies there are. */
import type { ClusterMember, NatsPart, NatsServer } from '../../api/cluster-wire.ts'
import { Card } from '../../ui/card.tsx'
import { Icon } from '../../ui/icon.tsx'
import { sentence } from '../../ui/sentence.ts'
import { EmptyState } from '../../ui/states.tsx'
import { StatusMark } from '../../ui/status-badge.tsx'

export interface NatsCardProps {
  readonly nats: NatsPart
  readonly members: readonly ClusterMember[]
}

export function NatsCard({ nats }: NatsCardProps) {
  const whose = nats.mode === 'embedded' ? 'run by the agents' : 'your own, by --nats'
  if (!('servers' in nats))
    return (
      <Card title="NATS" note={whose}>
        <EmptyState
          icon="bad"
          title="Its state cannot be read"
          text={sentence(nats.error ?? 'the reason is not known')}
        />
      </Card>
    )
  const up = nats.servers.filter(({ reachable }) => reachable).length
  return (
    <Card title="NATS" note={whose}>
      <dl class="facts">
        <Fact title="Servers" text={`${up} of ${nats.servers.length} answer`} />
        <Fact title="Copies of each stream" text={copiesText(nats)} />
        <Fact title="Survives the loss of" text={survivesText(nats.servers.length, up)} />
        {nats.meta_leader !== null && <Fact title="JetStream leader" text={ownerOf(nats.meta_leader, nats.servers)} />}
      </dl>
      <ul class="servers">
        {nats.servers.map((server) => (
          <Server key={server.name} server={server} isLeader={server.name === nats.meta_leader} />
        ))}
      </ul>
    </Card>
  )
}

function Fact({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{text}</dd>
    </div>
  )
}

function Server({ server, isLeader }: { readonly server: NatsServer; readonly isLeader: boolean }) {
  const { name, node_name, version, reachable } = server
  return (
    <li class="server">
      <StatusMark tone={reachable ? 'good' : 'bad'} />
      <div>
        <p class="server-name">
          {node_name === '' ? name : node_name}
          {isLeader && (
            <span class="member-mark is-leader">
              <Icon name="crown" size={12} /> leads JetStream
            </span>
          )}
        </p>
        <p class="server-note">
          {reachable ? (version === null ? 'answers' : `NATS ${version}`) : 'does not answer'}
          {node_name !== '' && node_name !== name && <span class="server-id"> {name}</span>}
        </p>
      </div>
    </li>
  )
}

type Read = Extract<NatsPart, { readonly error: null }>

function copiesText({ replicas_present, replicas_wanted }: Read): string {
  if (replicas_present === null) return `${replicas_wanted} wanted`
  return replicas_present === replicas_wanted ? String(replicas_wanted) : `${replicas_present} of ${replicas_wanted}`
}

function survivesText(servers: number, up: number): string {
  const spare = up - (Math.floor(servers / 2) + 1)
  if (spare <= 0) return 'no server'
  return spare === 1 ? 'one server' : `${spare} servers`
}

function ownerOf(serverName: string, servers: readonly NatsServer[]): string {
  const node = servers.find(({ name }) => name === serverName)?.node_name ?? ''
  return node === '' ? serverName : node
}
