import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { eventually } from '../../../test/harness/eventually.ts'
import { kindsAndStrategies, ServerPool, StreamPair } from '../../../test/target/stream-pair.ts'

const pool = new ServerPool()

afterAll(() => pool[Symbol.asyncDispose]())

/** Rows of one transaction: several megabytes, so that it is written out in parts. */
const perTransaction = 15_000
const table = 'CREATE TABLE t (id INT PRIMARY KEY, v INT NOT NULL, pad CHAR(100) NOT NULL, KEY (v)) ENGINE=InnoDB'

function insertFrom(first: number): string {
  const digit = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => `SELECT ${n} AS n`).join(' UNION ALL ')
  const digits = ['a', 'b', 'c', 'd', 'e'].map((name) => `(${digit}) ${name}`).join(', ')
  const number = '(a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n)'
  return `INSERT INTO t SELECT ${first} + ${number}, 1, REPEAT('x', 100) FROM ${digits}
    WHERE ${number} < ${perTransaction} ORDER BY 1`
}

interface State {
  readonly rows: number
  readonly sum: number
}

describe.each(kindsAndStrategies)('on %s, SQL forced: %s', (kind, forceSql) => {
  async function open(): Promise<StreamPair> {
    const pair = await StreamPair.open(await pool.get(kind, 'source'), await pool.get(kind, 'target'), { forceSql })
    await pair.writer.query(table)
    await pair.caughtUp()
    await pair.task.stop()
    return pair
  }

  /** Runs the transactions at the source. @returns what each of them left there */
  async function changed(pair: StreamPair, transactions: readonly string[]): Promise<readonly State[]> {
    const states = [await stateOf(pair, 'source')]
    for (const transaction of transactions) {
      await pair.writer.query(transaction)
      states.push(await stateOf(pair, 'source'))
    }
    return states
  }

  async function stateOf(pair: StreamPair, end: 'source' | 'target'): Promise<State> {
    const [found] = await pair[end].query<{ n: number; total: string | null }[]>(
      `SELECT COUNT(*) AS n, SUM(v) AS total FROM ${pair.schema}.t`,
    )
    return { rows: Number(found?.n), sum: Number(found?.total ?? 0) }
  }

  test('each large transaction appears at once, after those before it', async () => {
    await using pair = await open()
    const states = await changed(pair, [
      insertFrom(0),
      insertFrom(100_000),
      insertFrom(200_000),
      'UPDATE t SET v = 2 WHERE id < 100000',
      'UPDATE t SET v = 3 WHERE id >= 100000 AND id < 200000',
      `BEGIN; UPDATE t SET v = 4 WHERE id >= 200000; SAVEPOINT s; DELETE FROM t WHERE id < 100000;
         ROLLBACK TO SAVEPOINT s; UPDATE t SET v = v + 1 WHERE id = 1; COMMIT`,
      'UPDATE t SET v = v + 1 WHERE id = 1',
      'DELETE FROM t WHERE id < 100000',
      'DELETE FROM t WHERE id >= 100000 AND id < 200000',
      'UPDATE t SET v = 5',
    ])
    await pair.restartTask()
    const seen = new Set<number>()
    let isOver = false
    const watching = (async () => {
      while (!isOver) {
        const { rows, sum } = await stateOf(pair, 'target')
        seen.add(states.findIndex((state) => state.rows === rows && state.sum === sum))
      }
    })()
    await pair.caughtUp(120_000)
    isOver = true
    await watching
    expect([...seen]).toEqual([...seen].toSorted((a, b) => a - b))
    expect(seen).not.toContain(-1)
    const { source, target } = await pair.lines('t')
    expect(target).toEqual(source)
  })

  test('a large transaction is written while the one before it waits for a lock', async () => {
    await using pair = await open()
    await changed(pair, [insertFrom(0), insertFrom(100_000)])
    await pair.restartTask()
    await pair.caughtUp()
    await pair.task.stop()
    await changed(pair, ['UPDATE t SET v = 2 WHERE id < 100000', 'UPDATE t SET v = 3 WHERE id >= 100000'])
    const rival = await pair.target.connect({ multipleStatements: true })
    await rival.query(`BEGIN; SELECT v FROM ${pair.schema}.t WHERE id = 0 FOR UPDATE`)
    await pair.restartTask()
    await eventually(
      async () => {
        const [found] = await pair.target.query<{ waiting: number; written: number }[]>(
          `SELECT SUM(trx_state = 'LOCK WAIT') AS waiting, SUM(trx_rows_modified > 100) AS written
           FROM information_schema.INNODB_TRX`,
        )
        return Number(found?.waiting) > 0 && Number(found?.written) > 0
      },
      20_000,
      'one waits, and the other is written',
    )
    await rival.query('COMMIT')
    await rival.end()
    await pair.caughtUp(60_000)
    const { source, target } = await pair.lines('t')
    expect(target).toEqual(source)
  })

  test('a task that ends among several large transactions, or meets a lock, repeats and loses nothing', async () => {
    await using pair = await open()
    await changed(pair, [insertFrom(0), insertFrom(100_000), 'UPDATE t SET v = 2', insertFrom(200_000)])
    await changed(pair, ['DELETE FROM t WHERE id < 100000', 'UPDATE t SET v = v + 1', insertFrom(0)])
    for (let restart = 0; restart < 4; restart += 1) {
      await pair.restartTask()
      await sleep(250 + restart * 150)
    }
    const rival = await pair.target.connect({ multipleStatements: true })
    await rival.query(`BEGIN; SELECT v FROM ${pair.schema}.t WHERE id = 1 FOR UPDATE`)
    // Longer than one of several sessions waits for a lock.
    await sleep(4_000)
    await rival.query('COMMIT')
    await rival.end()
    await pair.caughtUp(120_000)
    const { source, target } = await pair.lines('t')
    expect(target).toEqual(source)
  })
})
