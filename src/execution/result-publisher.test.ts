import { expect, onTestFinished, test } from 'vitest'
import { sampleExecution } from '../../test/doubles/samples.ts'
import { eventually } from '../../test/harness/eventually.ts'
import { systemClock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
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
