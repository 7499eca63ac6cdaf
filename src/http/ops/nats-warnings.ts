/** What there is to say about NATS: its servers, the copies of the streams, and their limits. */
import type { Overview } from './overview.ts'
import type { NatsServerState, NatsState, StreamState } from './ports.ts'
import type { Warning } from './warning.ts'

const fullShare = 0.8
const brimfulShare = 0.95
/** Servers that a cluster needs to survive the loss of one. */
const clusterSize = 3
const mostNamed = 3

export function natsWarnings(overview: Overview): readonly Warning[] {
  const { nats, isNatsEmbedded } = overview
  if (nats.kind === 'unread')
    return [
      {
        severity: 'critical',
        text: `NATS does not tell its state: ${nats.reason}; ${isNatsEmbedded ? 'a majority of its servers must run' : 'look at the server of --nats'}`,
      },
    ]
  return [
    ...serverWarnings(nats.value),
    ...troubleWarnings(nats.value),
    ...(isNatsEmbedded ? sizeWarnings(overview, nats.value) : outsideWarnings(nats.value)),
    ...copyWarnings(nats.value),
    ...nats.value.streams.flatMap(fullWarnings),
  ]
}

function serverWarnings({ servers }: NatsState): readonly Warning[] {
  const down = servers.filter((server) => !server.isReachable)
  if (down.length === 0) return []
  const up = servers.length - down.length
  const majority = Math.floor(servers.length / 2) + 1
  const which = `${down.length === 1 ? 'the NATS server' : 'the NATS servers'} of ${down.map(whose).join(', ')}`
  const is = `${down.length === 1 ? 'is' : 'are'} down: ${up} of ${servers.length} left`
  if (up < majority)
    return [
      {
        severity: 'critical',
        text: `${which} ${is}, which is no majority, so nothing can be stored; start them again`,
      },
    ]
  const spare = up - majority
  const risk = spare === 0 ? 'one more loss stops the cluster' : `${spare} more may be lost`
  return [{ severity: 'warning', text: `${which} ${is}, ${risk}; start the agent there again` }]
}

function troubleWarnings({ trouble = '' }: NatsState): readonly Warning[] {
  if (trouble === '') return []
  const text = `the NATS servers could not be made a cluster: ${trouble}; mend that, it is tried again by itself`
  return [{ severity: 'warning', text }]
}

function sizeWarnings({ members }: Overview, { servers }: NatsState): readonly Warning[] {
  if (servers.length >= clusterSize) return []
  const alive = members.filter(({ member }) => member.status === 'alive')
  const unreachable = alive.filter(({ member }) => member.natsRole === 'client')
  const able = alive.length - unreachable.length
  const where = servers.map(whose).join(', ')
  if (able >= clusterSize)
    return [
      {
        severity: 'warning',
        text: `${able} nodes are there, and all is still stored on ${where} alone; copies are made as soon as all of them have been well for some seconds`,
      },
    ]
  if (alive.length >= clusterSize) {
    const names = unreachable.map(({ member }) => member.nodeName).join(', ')
    const text = `${alive.length} nodes keep one copy of everything, on ${where}, because others cannot reach the NATS address of ${names}; give --nats-addr there one that they reach`
    return [{ severity: 'warning', text }]
  }
  const count = able === 1 ? 'one node keeps' : `${able} nodes keep`
  const text = `${count} one copy of everything, on ${where}; with a third agent (--join) there are three copies, and any one machine may fail`
  return [{ severity: 'note', text }]
}

function outsideWarnings({ replicasWanted }: NatsState): readonly Warning[] {
  if (replicasWanted >= clusterSize) return []
  const text = `your NATS keeps ${replicasWanted === 1 ? 'one copy' : `${replicasWanted} copies`} of each stream; with three servers and --nats-replicas 3 any one of them may fail`
  return [{ severity: 'note', text }]
}

function copyWarnings({ servers, streams, replicasWanted }: NatsState): readonly Warning[] {
  const leaderless = streams.filter((stream) => stream.leader === null)
  // While a server is down its copies are behind, of course.
  const isWhole = servers.every((server) => server.isReachable)
  const behind = streams.filter(
    (stream) =>
      isWhole && stream.leader !== null && stream.replicasCurrent < Math.max(stream.replicasWanted, replicasWanted),
  )
  return [
    ...(leaderless.length === 0
      ? []
      : [
          {
            severity: 'critical' as const,
            text: `${named(leaderless)} no leader: nothing can be read or written there; start the servers that are down`,
          },
        ]),
    ...(behind.length === 0
      ? []
      : [
          {
            severity: 'warning' as const,
            text: `${named(behind)} fewer up-to-date copies than wanted; they catch up by themselves while every server runs`,
          },
        ]),
  ]
}

function fullWarnings({ name, bytes, limitBytes }: StreamState): readonly Warning[] {
  if (limitBytes === null || limitBytes <= 0 || bytes / limitBytes < fullShare) return []
  const share = bytes / limitBytes
  const text = `stream ${name} is ${Math.floor(share * 100)} % full`
  // Frames wait for their target in a stream that is made to fill: its source waits then, and nothing is lost.
  if (name.startsWith('FRAMES_'))
    return [
      { severity: 'note', text: `${text}, so its source waits for the target; a larger --stream-limit holds more` },
    ]
  const severity = share >= brimfulShare ? 'critical' : 'warning'
  return [{ severity, text: `${text}; find out what fills it, before nothing more can be stored there` }]
}

function named(streams: readonly StreamState[]): string {
  const names = streams.slice(0, mostNamed).map((stream) => stream.name)
  const more = streams.length > mostNamed ? ` and ${streams.length - mostNamed} more` : ''
  return `${streams.length === 1 ? 'stream' : 'streams'} ${names.join(', ')}${more} ${streams.length === 1 ? 'has' : 'have'}`
}

function whose({ nodeName, name }: NatsServerState): string {
  return nodeName === '' ? name : nodeName
}
