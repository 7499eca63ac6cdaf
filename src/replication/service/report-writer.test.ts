import { expect, onTestFinished, test } from 'vitest'
import { MemoryBucket } from '../../../test/doubles/memory-bucket.ts'
import { reportRecord } from '../../../test/doubles/replication-jobs.ts'
import { FakeClock } from '../../core/clock.ts'
import { silentLog } from '../../core/log.ts'
import type { TaskReport } from '../task-context.ts'
import { ReportWriter } from './report-writer.ts'
import type { TaskReportRecord } from './task-report-record.ts'

function setUp() {
  const clock = new FakeClock(0)
  const bucket = new MemoryBucket<TaskReportRecord>()
  let writes = 0
  bucket.beforeWrite = () => {
    writes += 1
  }
  const writer = new ReportWriter({ bucket, key: 'j1.source', clock, log: silentLog })
  onTestFinished(() => writer.close())
  const offer = async (report: Partial<TaskReport>) => {
    writer.offer(reportRecord('source', report))
    await clock.advance(0)
  }
  const stored = async () => (await bucket.get('j1.source'))?.value.report
  return { clock, bucket, writer, offer, stored, writes: () => writes }
}

test('figures are written once a second, always the newest', async () => {
  const { clock, offer, stored, writes } = setUp()
  for (let count = 1; count <= 30; count += 1) {
    await offer({ rowsTotal: count })
    await clock.advance(100)
  }
  expect(writes()).toBeLessThanOrEqual(4)
  await clock.advance(1_000)
  expect((await stored())?.rowsTotal).toBe(30)
})

test('a change of stage or problem is written at once', async () => {
  const { offer, stored } = setUp()
  await offer({ stage: 'starting' })
  await offer({ stage: 'full' })
  expect((await stored())?.stage).toBe('full')
  await offer({ stage: 'full', problem: { code: 'X', message: 'no privilege', remedy: 'operator', at: 1 } })
  expect((await stored())?.problem?.code).toBe('X')
  await offer({ stage: 'full' })
  expect((await stored())?.problem).toBeNull()
})

test('while the store is away only the newest report waits', async () => {
  const { clock, bucket, offer, stored } = setUp()
  bucket.beforeWrite = () => {
    throw new Error('away')
  }
  await offer({ rowsTotal: 1 })
  await offer({ rowsTotal: 2 })
  await clock.advance(3_000)
  bucket.beforeWrite = () => undefined
  await clock.advance(1_000)
  expect((await stored())?.rowsTotal).toBe(2)
})

test('closing writes what is left', async () => {
  const { writer, offer, stored } = setUp()
  await offer({ rowsTotal: 1 })
  await offer({ rowsTotal: 2 })
  await writer.close()
  expect((await stored())?.rowsTotal).toBe(2)
})

test('closing does not wait for a store that never answers', async () => {
  const { clock, bucket, writer, offer } = setUp()
  bucket.beforeWrite = () => new Promise(() => undefined)
  await offer({ rowsTotal: 1 })
  const closed = writer.close()
  await clock.advance(2_000)
  await closed
})
