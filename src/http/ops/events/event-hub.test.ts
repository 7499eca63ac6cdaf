import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { sampleExecution } from '../../../../test/doubles/samples.ts'
import { systemClock } from '../../../core/clock.ts'
import { UnavailableError } from '../../../core/errors.ts'
import { silentLog } from '../../../core/log.ts'
import { createApi } from '../../shared/create-api.ts'
import { EventHub } from './event-hub.ts'
import { executionItem } from './execution-item.ts'
import { registerEvents } from './routes.ts'

interface SentEvent {
  readonly event: string
  readonly data: Readonly<Record<string, unknown>>
}

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

function makeHub(): EventHub {
  return new EventHub({ nodeName: 'n1', version: '1', clock: { ...systemClock, monotonicMs: () => Date.now() } })
}

function eventsIn(text: string): readonly SentEvent[] {
  const blocks = text.split('\n\n').filter((block) => block.startsWith('event: '))
  return blocks.map((block) => {
    const [event = '', data = ''] = block.split('\n')
    return { event: event.slice('event: '.length), data: JSON.parse(data.slice('data: '.length)) }
  })
}

/** What a reader finds when it reads now. */
async function taken(reader: { read(): unknown }): Promise<readonly SentEvent[]> {
  let text = ''
  for (let chunk = reader.read(); chunk !== null; chunk = reader.read()) text += String(chunk)
  // The stream asks for more in its own time.
  await vi.advanceTimersByTimeAsync(0)
  return eventsIn(text)
}

function execution(number: number) {
  return executionItem(sampleExecution({ id: `e${number}`, jobName: `j${number % 7}` }))
}

test('a reader is greeted, and told four times a second at most, one event of each kind', async () => {
  const hub = makeHub()
  const reader = hub.open()
  expect(await taken(reader)).toMatchObject([{ event: 'hello', data: { node_name: 'n1', version: '1' } }])
  for (let count = 0; count < 40; count += 1) {
    hub.noteJob(`job-${count % 3}`)
    hub.noteExecution(execution(count % 5))
    hub.noteCluster()
    hub.noteReplication('r1')
  }
  expect(await taken(reader)).toEqual([])
  await vi.advanceTimersByTimeAsync(250)
  const events = await taken(reader)
  expect(events.map(({ event }) => event)).toEqual(['cluster', 'scheduled-jobs', 'executions', 'replication-jobs'])
  expect(events[1]?.data).toEqual({ names: ['job-0', 'job-1', 'job-2'], more: false })
  expect(events[2]?.data).toMatchObject({ more: false, items: [{ id: 'e0' }, {}, {}, {}, { id: 'e4' }] })
  expect(events[3]?.data).toEqual({ ids: ['r1'], more: false })
  await vi.advanceTimersByTimeAsync(1_000)
  expect(await taken(reader)).toEqual([])
  hub.close()
})

test('of very many events the newest are told, and that there were more', async () => {
  const hub = makeHub()
  const reader = hub.open()
  await taken(reader)
  for (let count = 0; count < 5_000; count += 1) {
    hub.noteJob(`job-${count}`)
    hub.noteExecution(execution(count))
  }
  await vi.advanceTimersByTimeAsync(250)
  const [jobs, executions] = await taken(reader)
  expect(jobs?.data).toMatchObject({ more: true })
  expect(jobs?.data['names']).toHaveLength(200)
  expect(executions?.data).toMatchObject({ more: true })
  const items = executions?.data['items'] as readonly { id: string }[]
  expect(items).toHaveLength(100)
  expect(items.at(-1)?.id).toBe('e4999')
  hub.close()
})

test('what a slow reader has not taken stays bounded, and it is told of all of it when it reads again', async () => {
  const hub = makeHub()
  const slow = hub.open()
  const quick = hub.open()
  const eventsOfQuick: SentEvent[] = []
  for (let round = 0; round < 150; round += 1) {
    for (let count = 0; count < 100; count += 1) hub.noteExecution(execution(round * 100 + count))
    hub.noteJob(`job-${round}`)
    await vi.advanceTimersByTimeAsync(250)
    eventsOfQuick.push(...(await taken(quick)))
  }
  expect(eventsOfQuick.filter(({ event }) => event === 'executions')).toHaveLength(150)
  expect(slow.readableLength).toBeLessThan(100_000)
  await taken(slow)
  await vi.advanceTimersByTimeAsync(250)
  const [jobs, executions] = await taken(slow)
  expect(jobs).toMatchObject({ event: 'scheduled-jobs', data: { more: false } })
  expect(executions).toMatchObject({ event: 'executions', data: { more: true } })
  const items = executions?.data['items'] as readonly { id: string }[] | undefined
  expect(items?.at(-1)?.id).toBe('e14999')
  hub.close()
})

test('a reader that takes nothing for a minute is let go', async () => {
  const hub = makeHub()
  const reader = hub.open()
  for (let round = 0; round < 260; round += 1) {
    for (let count = 0; count < 100; count += 1) hub.noteExecution(execution(count))
    await vi.advanceTimersByTimeAsync(250)
  }
  expect(reader.destroyed).toBe(true)
  expect(hub.hasReaders).toBe(false)
})

test('a quiet stream says now and then that it is there', async () => {
  const hub = makeHub()
  const reader = hub.open()
  await taken(reader)
  await vi.advanceTimersByTimeAsync(15_250)
  expect(String(reader.read())).toMatch(/^: /)
  hub.close()
})

test('five hundred readers are told, one more is sent away, and nothing is gathered when all have gone', async () => {
  const hub = makeHub()
  const readers = Array.from({ length: 500 }, () => hub.open())
  for (const reader of readers) await taken(reader)
  expect(() => hub.open()).toThrow(UnavailableError)
  hub.noteCluster()
  await vi.advanceTimersByTimeAsync(250)
  for (const reader of readers) expect(await taken(reader)).toEqual([{ event: 'cluster', data: {} }])
  for (const reader of readers) reader.destroy()
  await vi.advanceTimersByTimeAsync(0)
  expect(hub.hasReaders).toBe(false)
  hub.noteCluster()
  const late = hub.open()
  await taken(late)
  await vi.advanceTimersByTimeAsync(250)
  expect(await taken(late)).toEqual([])
  hub.close()
})

test('the route streams events, and closing the server ends the stream', async () => {
  vi.useRealTimers()
  const hub = makeHub()
  const app = createApi({ nodeName: 'n1', guard: { boundAddress: '127.0.0.1', names: [] }, log: silentLog })
  registerEvents(app, hub)
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const response = await fetch(`${url}/ops/events`)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=UTF-8')
  const reading = response.text()
  hub.noteCluster()
  await new Promise((resolve) => setTimeout(resolve, 400))
  await app.close()
  expect(eventsIn(await reading).map(({ event }) => event)).toEqual(['hello', 'cluster'])
})

test('a reader that goes away is forgotten', async () => {
  vi.useRealTimers()
  const hub = makeHub()
  const app = createApi({ nodeName: 'n1', guard: { boundAddress: '127.0.0.1', names: [] }, log: silentLog })
  registerEvents(app, hub)
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const going = new AbortController()
  await fetch(`${url}/ops/events`, { signal: going.signal })
  expect(hub.hasReaders).toBe(true)
  going.abort()
  await vi.waitUntil(() => !hub.hasReaders, 5_000)
  await app.close()
})
