import { expect, test } from 'vitest'
import type { NatsStream } from '../../api/cluster-wire.ts'
import { sortedStreams, streamTitle } from './stream-order.ts'

function stream(name: string, change: Partial<NatsStream> = {}): NatsStream {
  const copies = { leader: 'a', replicas_wanted: 3, replicas_current: 3, replica_lag: 0, consumer_lag: null }
  return { name, ...copies, messages: 0, bytes: 0, limit_bytes: null, ...change }
}

test('streams are sorted by what is asked for, equal ones by name', () => {
  const streams = [stream('c', { bytes: 5 }), stream('b', { bytes: 9, limit_bytes: 10 }), stream('a', { bytes: 5 })]
  const names = (key: string, order: 'asc' | 'desc') => sortedStreams(streams, { key, order }).map(({ name }) => name)
  expect(names('bytes', 'desc')).toEqual(['b', 'a', 'c'])
  expect(names('name', 'desc')).toEqual(['c', 'b', 'a'])
  expect(names('full', 'asc')).toEqual(['a', 'c', 'b'])
})

test('a stream that nobody leads is worse than one with few copies', () => {
  const streams = [stream('well'), stream('few', { replicas_current: 1 }), stream('dead', { leader: null })]
  expect(sortedStreams(streams, { key: 'copies', order: 'asc' }).map(({ name }) => name)).toEqual([
    'dead',
    'few',
    'well',
  ])
})

test.each([
  ['KV_replication-jobs', 'Bucket replication jobs'],
  ['EXECUTIONS', 'Executions'],
  ['FRAMES_x', 'Changes on their way'],
])('%s is called %s', (name, title) => {
  expect(streamTitle(name)).toBe(title)
})
