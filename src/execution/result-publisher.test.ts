import { expect, onTestFinished, test } from 'vitest'
import { sampleExecution } from '../../test/doubles/samples.ts'
import { eventually } from '../../test/harness/eventually.ts'
import { systemClock } from '../core/clock.ts'
import { type Log, silentLog } from '../core/log.ts'
import { ResultPublisher } from './result-publisher.ts'

test('an outage is told once, whatever waits for its end, and so is its end', async () => {
  const results = Array.from({ length: 20 }, (_, n) => ({
    sequence: n + 1,
    execution: sampleExecution({ id: String(n) }),
  }))
  const said: string[] = []
  const log: Log = {
    debug() {},
    info: (_facts, message) => said.push(message),
    warn: (_facts, message) => said.push(message),
    error: (_facts, message) => said.push(message),
    child: () => log,
  }
  const delivered: string[] = []
  let tries = 0
  const publisher = new ResultPublisher({
    link: {
      async call(method, params) {
        if (method === 'delivered') delivered.push(...(params as { keys: string[] }).keys)
        const { afterSequence } = params as { afterSequence: number }
        return { results: results.filter(({ sequence }) => sequence > afterSequence) } as never
      },
    },
    sink: {
      async append() {
        tries += 1
        if (tries <= 30) throw new Error('away')
      },
    },
    clock: systemClock,
    log,
    onFinished: () => {},
  })
  publisher.start()
  onTestFinished(() => publisher.stop())
  await eventually(() => delivered.length === 20, 10_000)
  expect(said).toEqual(['results cannot be delivered, they are kept', 'results are delivered again'])
})

test('results with large outputs are taken a few at a time', async () => {
  const results = Array.from({ length: 40 }, (_, n) => ({
    sequence: n + 1,
    execution: sampleExecution({ id: String(n), output: 'x'.repeat(1_000_000) }),
  }))
  let under = 0
  let mostUnder = 0
  const delivered: string[] = []
  const publisher = new ResultPublisher({
    link: {
      async call(method, params) {
        if (method === 'delivered') delivered.push(...(params as { keys: string[] }).keys)
        const { afterSequence, count, bytes } = params as { afterSequence: number; count: number; bytes: number }
        const left = results.filter(({ sequence }) => sequence > afterSequence)
        return { results: left.slice(0, Math.min(count, Math.ceil(bytes / 1_000_000))) } as never
      },
    },
    sink: {
      async append() {
        under += 1
        mostUnder = Math.max(mostUnder, under)
        await systemClock.sleep(5)
        under -= 1
      },
    },
    clock: systemClock,
    log: silentLog,
    onFinished: () => {},
  })
  publisher.start()
  onTestFinished(() => publisher.stop())
  await eventually(() => delivered.length === 40, 10_000)
  expect(mostUnder).toBeLessThanOrEqual(6)
})
