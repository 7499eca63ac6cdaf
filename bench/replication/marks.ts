/**
 * Rows written before and after a load: when they appear at a target, what lies between has arrived. This asks the same of
 * every follower, whatever it calls its position.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestServer } from '../../test/harness/mysql-servers.ts'
import type { Follower } from './follower.ts'

const lookEveryMs = 10
/** Seldom enough to cost nothing that could be measured. */
const askEveryMs = 5_000

/** Creates the table of marks in the schema that is replicated. */
export async function createMarks(source: TestServer, schema: string): Promise<void> {
  await source.query(`CREATE TABLE ${schema}.mark (id INT NOT NULL PRIMARY KEY) ENGINE=InnoDB`)
}

export class Marks {
  readonly #source: TestServer
  readonly #table: string
  #last = 0

  constructor(source: TestServer, schema: string) {
    this.#source = source
    this.#table = `${schema}.mark`
  }

  /** @returns the new mark */
  async set(): Promise<number> {
    this.#last += 1
    await this.#source.query(`INSERT INTO ${this.#table} (id) VALUES (${this.#last})`)
    return this.#last
  }

  /** Waits until the follower has brought the mark to its target. @throws Error when it tells that it cannot go on */
  async arrival(mark: number, follower: Follower, withinMs: number): Promise<void> {
    const startedAt = performance.now()
    let askAfterMs = askEveryMs
    while (!(await this.#isAt(follower.target, mark))) {
      const elapsedMs = performance.now() - startedAt
      const failure = elapsedMs > askAfterMs ? await follower.failure() : null
      if (failure !== null) throw new Error(`${follower.name} has failed: ${failure}`)
      if (elapsedMs > askAfterMs) askAfterMs += askEveryMs
      if (elapsedMs > withinMs) throw new Error(`${follower.name} has not brought all within ${withinMs / 1_000} s`)
      await sleep(lookEveryMs)
    }
  }

  async #isAt(target: TestServer, mark: number): Promise<boolean> {
    const rows = await target.query(`SELECT id FROM ${this.#table} WHERE id = ${mark}`).catch((error: unknown) => {
      // A replica that has not begun has no such schema or table yet.
      if (error instanceof Error && 'errno' in error && (error.errno === 1146 || error.errno === 1049)) return []
      throw error
    })
    return rows.length > 0
  }
}
