/**
 * The lag from commit to commit: a row is written to the source, and the target is asked for it until it is there.
 *
 * Easy to get wrong: the clock starts when the source has answered the commit, not when it was asked; and the target is
 * asked without a pause only for the first milliseconds. Asking takes a core, which the follower may need: a slower one
 * would be made slower by being watched. So the resolution is a tenth of a millisecond at first and about one later.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from 'mysql2/promise'
import type { TestServer } from '../../test/harness/mysql-servers.ts'

const pauseMs = { least: 5, most: 25 }
/** From then on a lag is known well enough to the millisecond, without taking a core from whoever catches up. */
const eagerMs = 3
const givesUpMs = 60_000

/** Creates the table in which probes are written. */
export async function createProbes(source: TestServer, schema: string): Promise<void> {
  await source.query(`CREATE TABLE ${schema}.probe (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY) ENGINE=InnoDB`)
}

/** Probes until the signal. @returns the lags in ms, in order */
export async function probeLags(
  { source, target, schema }: { readonly source: TestServer; readonly target: TestServer; readonly schema: string },
  signal: AbortSignal,
): Promise<readonly number[]> {
  const table = `${schema}.probe`
  const [left, right] = [await source.connect(), await target.connect()]
  const lags: number[] = []
  try {
    while (!signal.aborted) {
      const [answer] = await left.query(`INSERT INTO ${table} VALUES ()`)
      lags.push(
        await arrivalMs(right, `SELECT 1 FROM ${table} WHERE id = ${(answer as { insertId: number }).insertId}`),
      )
      await sleep(pauseMs.least + Math.random() * (pauseMs.most - pauseMs.least))
    }
    return lags
  } finally {
    left.destroy()
    right.destroy()
  }
}

async function arrivalMs(target: Connection, look: string): Promise<number> {
  const committedAt = performance.now()
  for (;;) {
    const [rows] = await target.query(look)
    const elapsedMs = performance.now() - committedAt
    if ((rows as readonly unknown[]).length > 0) return elapsedMs
    if (elapsedMs > givesUpMs) throw new Error(`a row has not arrived within ${givesUpMs / 1_000} s`)
    if (elapsedMs > eagerMs) await sleep(1)
  }
}
