import { afterAll, describe, expect, test } from 'vitest'
import { kindsAndStrategies, ServerPool, StreamPair } from '../../../test/target/stream-pair.ts'

const pool = new ServerPool()

afterAll(() => pool[Symbol.asyncDispose]())

const tables = `
  CREATE TABLE accounts (id INT PRIMARY KEY, v INT NOT NULL) ENGINE=InnoDB;
  CREATE TABLE seats (id INT PRIMARY KEY, seat INT NULL UNIQUE, who BIGINT) ENGINE=InnoDB;
  CREATE TABLE names (name VARCHAR(20) CHARACTER SET utf8 PRIMARY KEY, v INT) ENGINE=InnoDB;
  CREATE TABLE parent (id INT PRIMARY KEY) ENGINE=InnoDB;
  CREATE TABLE child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE) ENGINE=InnoDB;
  CREATE TABLE twins (v INT) ENGINE=InnoDB`

/** `mixed` touches everything; else only tables whose rows are known by their keys, so that groups rarely meet. */
function transaction(n: number, size: number, isMixed: boolean): string {
  const any = (limit: number) => Math.floor(Math.random() * limit)
  const [a, b] = [any(size), any(size)]
  switch (n % (isMixed ? 6 : 2)) {
    case 0:
      return `BEGIN; UPDATE accounts SET v = v - 1 WHERE id = ${Math.min(a, b)}; UPDATE accounts SET v = v + 1 WHERE id = ${Math.max(a, b)}; COMMIT`
    case 1:
      return `BEGIN; UPDATE seats SET seat = NULL WHERE seat = ${a}; UPDATE IGNORE seats SET seat = ${a}, who = ${n} WHERE id = ${b}; COMMIT`
    case 2:
      return `BEGIN; DELETE FROM names WHERE name = 'n${a % 50}'; INSERT IGNORE INTO names VALUES ('N${a % 50}', ${n}); COMMIT`
    case 3:
      return `BEGIN; INSERT IGNORE INTO parent VALUES (${a % 40}); INSERT IGNORE INTO child VALUES (${b}, ${a % 40}); COMMIT`
    case 4:
      return `DELETE FROM parent WHERE id = ${b % 40}`
    default:
      return `BEGIN; INSERT INTO twins VALUES (${a}), (${b}); DELETE FROM twins WHERE v = ${a} LIMIT 1; COMMIT`
  }
}

describe.each(kindsAndStrategies)('on %s, SQL forced: %s', (kind, forceSql) => {
  test.each([
    ['many conflicts', 500, true],
    ['few conflicts', 10_000, false],
  ] as const)(
    'groups beside each other end in the rows of the source, and every moment between is one that it had: %s',
    async (_name, size, isMixed) => {
      await using pair = await StreamPair.open(await pool.get(kind, 'source'), await pool.get(kind, 'target'), {
        forceSql,
      })
      await pair.writer.query(tables)
      const rows = (value: (id: number) => string) => Array.from({ length: size }, (_none, id) => value(id)).join(',')
      await pair.writer.query(`INSERT INTO accounts VALUES ${rows((id) => `(${id}, 100)`)}`)
      await pair.writer.query(`INSERT INTO seats VALUES ${rows((id) => `(${id}, ${id}, 0)`)}`)
      await pair.caughtUp()
      await pair.task.stop()
      const writers = await Promise.all([0, 1, 2, 3].map(() => pair.source.connect({ multipleStatements: true })))
      await Promise.all(
        writers.map(async (writer) => {
          await writer.query(`USE ${pair.schema}`)
          for (let n = 0; n < 300; n += 1)
            await writer.query(transaction(n, size, isMixed)).catch(() => writer.query('ROLLBACK'))
          await writer.end()
        }),
      )
      await pair.restartTask()
      const sums = new Set<unknown>()
      let isOver = false
      const watching = (async () => {
        const watcher = await pair.target.connect()
        while (!isOver) {
          const [found] = await watcher.query(`SELECT SUM(v) AS total FROM ${pair.schema}.accounts`)
          sums.add(String((found as { total: unknown }[])[0]?.total))
        }
        await watcher.end()
      })()
      await pair.caughtUp(60_000)
      isOver = true
      await watching
      expect([...sums]).toEqual([String(size * 100)])
      for (const table of ['accounts', 'seats', 'names', 'parent', 'child', 'twins']) {
        const { source, target } = await pair.lines(table)
        expect([table, target]).toEqual([table, source])
      }
    },
  )
})
