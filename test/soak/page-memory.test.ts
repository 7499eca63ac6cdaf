/** Ten minutes of a hundred events a second. Whatever the page kept of each would show by now. */
import { expect, test } from 'vitest'
import { growthText, growthUnderLoad } from '../browser/page-under-load.ts'

test('pages that are open under a hundred events a second for ten minutes hold their memory', async () => {
  const paths = ['/ui/', '/ui/jobs', '/ui/jobs/busy-1']
  for (const growth of await growthUnderLoad({ paths, fillMs: 60_000, measureMs: 540_000 })) {
    console.log(growthText(growth))
    expect.soft(growth.eventsPerSecond, growth.path).toBeGreaterThan(90)
    expect.soft(growth.bytesPerEvent, growth.path).toBeLessThan(15)
    expect.soft(growth.nodeGrowth, growth.path).toBeLessThan(500)
    expect.soft(growth.listenerGrowth, growth.path).toBeLessThan(50)
  }
})
