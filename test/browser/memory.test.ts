/** A minute of what test/soak/page-memory.test.ts does for ten. */
import { expect, test } from 'vitest'
import { growthText, growthUnderLoad } from './page-under-load.ts'

test('pages that are open under a hundred events a second hold their memory', async () => {
  const paths = ['/ui/', '/ui/jobs']
  for (const growth of await growthUnderLoad({ paths, fillMs: 25_000, measureMs: 40_000 })) {
    console.log(growthText(growth))
    // Of 120, also on a machine that has much other work: what is tested is memory, not speed.
    expect.soft(growth.eventsPerSecond, growth.path).toBeGreaterThan(60)
    expect.soft(growth.bytesPerEvent, growth.path).toBeLessThan(250)
    expect.soft(growth.nodeGrowth, growth.path).toBeLessThan(500)
    expect.soft(growth.listenerGrowth, growth.path).toBeLessThan(50)
  }
})
