/** What streams are called by people, and in which order they stand. */
import type { NatsStream } from '../../api/cluster-wire.ts'
import type { Sort } from '../../ui/table.tsx'

export function isShort({ replicas_current, replicas_wanted }: NatsStream): boolean {
  return replicas_current < replicas_wanted
}

/** By `sort`, equal ones by name. */
export function sortedStreams(streams: readonly NatsStream[], { key, order }: Sort): readonly NatsStream[] {
  const factor = order === 'asc' ? 1 : -1
  return streams.toSorted((a, b) => factor * compare(a, b, key) || a.name.localeCompare(b.name))
}

function compare(a: NatsStream, b: NatsStream, key: string): number {
  if (key === 'name') return a.name.localeCompare(b.name)
  return amountOf(a, key) - amountOf(b, key)
}

function amountOf(stream: NatsStream, key: string): number {
  switch (key) {
    case 'copies':
      return stream.leader === null ? -1 : stream.replicas_current
    case 'behind':
      return stream.replica_lag
    case 'unread':
      return stream.consumer_lag ?? -1
    case 'messages':
      return stream.messages
    case 'full':
      return stream.limit_bytes === null || stream.limit_bytes <= 0 ? -1 : stream.bytes / stream.limit_bytes
    default:
      return stream.bytes
  }
}

/** `KV_jobs` is the bucket `jobs`, `FRAMES_x` the changes of a replication job. */
export function streamTitle(name: string): string {
  if (name.startsWith('KV_')) return `Bucket ${words(name.slice(3))}`
  if (name.startsWith('FRAMES_')) return 'Changes on their way'
  return words(name.charAt(0) + name.slice(1).toLowerCase())
}

function words(name: string): string {
  return name.replaceAll(/[_-]+/g, ' ')
}
