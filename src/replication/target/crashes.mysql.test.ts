import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { eventually } from '../../../test/harness/eventually.ts'
import { type ServerKind, startServer } from '../../../test/harness/mysql-servers.ts'
import { StreamPair } from '../../../test/target/stream-pair.ts'
import { TargetUnderTest } from '../../../test/target/target-under-test.ts'
import { sessionPlaceName } from './target-session.ts'

const kinds: readonly ServerKind[] = ['mysql-9.7', 'mysql-5.6', 'mariadb-10.11']

/** Keeps changing rows, and a table's columns, in ways that a lost or doubled transaction would show. */
async function write(pair: StreamPair, signal: AbortSignal, altersTables: boolean): Promise<number> {
  let transactions = 0
  while (!signal.aborted) {
    const id = transactions % 20
    await pair.writer.query(
      `BEGIN; UPDATE accounts SET v = v + 1 WHERE id = ${id}; UPDATE accounts SET v = v - 1 WHERE id = ${(id + 7) % 20};
       INSERT INTO history (account, v) SELECT id, v FROM accounts WHERE id = ${id};
       INSERT INTO twins SELECT v FROM accounts WHERE id = ${id}; COMMIT`,
    )
    if (transactions % 10 === 9) await pair.writer.query('DELETE FROM history ORDER BY id LIMIT 3')
    if (altersTables && transactions % 97 === 96)
      await pair.writer.query(`ALTER TABLE history ADD COLUMN c${transactions} INT DEFAULT ${transactions}`)
    transactions += 1
  }
  return transactions
}

describe.each(kinds)('on %s', (kind) => {
  test.each([false, true])(
    'kill -9 of the target server loses and repeats nothing (SQL forced: %s)',
    async (forceSql) => {
      await using source = await startServer(kind)
      await using target = await startServer(kind, { durable: true })
      await using pair = await StreamPair.open(source, target, { forceSql })
      await pair.writer.query('CREATE TABLE accounts (id INT PRIMARY KEY, v INT) ENGINE=InnoDB')
      await pair.writer.query(
        'CREATE TABLE history (id INT PRIMARY KEY AUTO_INCREMENT, account INT, v INT) ENGINE=InnoDB',
      )
      await pair.writer.query('CREATE TABLE twins (v INT) ENGINE=InnoDB')
      for (let id = 0; id < 20; id += 1) await pair.writer.query(`INSERT INTO accounts VALUES (${id}, 0)`)
      await pair.caughtUp()
      const writing = new AbortController()
      // A MySQL 5.6 that is killed in an ALTER TABLE may lose the table: its InnoDB has another number of columns then.
      const writer = write(pair, writing.signal, kind !== 'mysql-5.6')
      for (let round = 0; round < 4; round += 1) {
        await sleep(200 + Math.random() * 500)
        await target.kill()
        await target.start()
      }
      writing.abort()
      expect(await writer).toBeGreaterThan(50)
      await pair.caughtUp(60_000).catch((cause: unknown) => {
        throw new Error(`the target's own log ends:\n${target.lastLogLines(60)}`, { cause })
      })
      for (const table of ['accounts', 'history', 'twins']) {
        const lines = await pair.lines(table)
        expect(lines.target).toEqual(lines.source)
      }
      expect(pair.task.rewinds).toEqual([])
    },
  )

  test('a newer owner stops the older one, and nothing is applied twice', async () => {
    await using source = await startServer(kind)
    await using target = await startServer(kind)
    await using pair = await StreamPair.open(source, target)
    await pair.writer.query('CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v INT) ENGINE=InnoDB')
    await pair.caughtUp()
    const writing = new AbortController()
    const writer = (async () => {
      while (!writing.signal.aborted) await pair.writer.query('INSERT INTO t (v) VALUES (1),(2)')
    })()
    await sleep(300)
    await using newer = new TargetUnderTest(target, pair.pipe, { ...pair.options, ownerTerm: 2 })
    await eventually(() => pair.task.report?.problem?.code === 'REPL_STALE_OWNER', 20_000, 'the older one stops')
    await sleep(300)
    writing.abort()
    await writer
    await pair.caughtUp()
    const lines = await pair.lines('t')
    expect(lines.target).toEqual(lines.source)
    expect(newer.report?.problem).toBeNull()
  })

  test('what a stopped process left in the middle of a transaction is ended by the next owner at once', async () => {
    await using source = await startServer(kind)
    await using target = await startServer(kind)
    await using pair = await StreamPair.open(source, target)
    await pair.writer.query('CREATE TABLE t (id INT PRIMARY KEY, v INT) ENGINE=InnoDB; INSERT INTO t VALUES (1, 1)')
    await pair.caughtUp()
    // A lane of a process that does nothing any more: its place, its locks, its connection.
    const left = await target.connect()
    left.on('error', () => {})
    await left.query(`SELECT GET_LOCK('${sessionPlaceName(pair.schema, 'lane 9')}', 5)`)
    await left.query('BEGIN')
    await left.query(`UPDATE ${pair.schema}.t SET v = 666`)
    await using newer = new TargetUnderTest(target, pair.pipe, { ...pair.options, ownerTerm: 2 })
    await pair.writer.query('UPDATE t SET v = 2')
    await eventually(async () => {
      const [row] = await target.query(`SELECT v FROM ${pair.schema}.t`)
      return Number(row?.v) === 2
    }, 15_000)
    expect(newer.report?.problem ?? null).toBeNull()
    left.destroy()
  })

  test('a source that begins again in the middle of everything goes on where the target stands', async () => {
    await using source = await startServer(kind)
    await using target = await startServer(kind)
    await using pair = await StreamPair.open(source, target)
    await pair.writer.query('CREATE TABLE twins (v INT) ENGINE=InnoDB')
    const writing = new AbortController()
    const writer = (async () => {
      for (let v = 0; !writing.signal.aborted; v += 1) await pair.writer.query(`INSERT INTO twins VALUES (${v}),(${v})`)
    })()
    for (let round = 0; round < 5; round += 1) {
      await sleep(200)
      await pair.beginAgain()
    }
    writing.abort()
    await writer
    await pair.caughtUp()
    const lines = await pair.lines('twins')
    expect(lines.target).toEqual(lines.source)
  })

  test.each([
    ['an index without a name', 'ALTER TABLE t ADD INDEX (v)'],
    ['a swap of names', 'RENAME TABLE t TO swapped, u TO t, swapped TO u'],
    ['a column', 'ALTER TABLE t ADD COLUMN w INT DEFAULT 3'],
    ['a removal', 'DROP TABLE u'],
  ])('a statement that ran right before the crash is not run twice: %s', async (_name, statement) => {
    await using source = await startServer(kind)
    await using target = await startServer(kind)
    await using pair = await StreamPair.open(source, target)
    await pair.writer.query(
      'CREATE TABLE t (id INT PRIMARY KEY, v INT) ENGINE=InnoDB; CREATE TABLE u (id INT PRIMARY KEY) ENGINE=InnoDB',
    )
    await pair.caughtUp()
    const [rival, keeper] = [await target.connect(), await target.connect()]
    for (const one of [rival, keeper]) one.on('error', () => {})
    // The metadata lock holds the statement back when its intent is recorded; then the row's lock holds the checkpoint back.
    await rival.query('BEGIN')
    await rival.query(`SELECT * FROM ${pair.schema}.t`)
    await rival.query(`SELECT * FROM ${pair.schema}.u`)
    await pair.writer.query(statement)
    const isWaiting = async () =>
      (await target.query("SELECT 1 AS n FROM information_schema.PROCESSLIST WHERE STATE LIKE '%metadata lock%'"))
        .length > 0
    await eventually(isWaiting, 20_000, 'the statement waits')
    await keeper.query('BEGIN')
    await keeper.query(`SELECT * FROM millrace.checkpoint WHERE job_id = '${pair.schema}' FOR UPDATE`)
    await rival.query('COMMIT')
    const isDone = async () =>
      (
        await target.query(
          "SELECT 1 AS n FROM information_schema.PROCESSLIST WHERE INFO LIKE 'UPDATE millrace.checkpoint%'",
        )
      ).length > 0
    await eventually(isDone, 20_000, 'the statement ran and its checkpoint waits')
    await target.kill()
    await target.start()
    await pair.caughtUp()
    await eventually(() => pair.task.report?.problem === null, 10_000, 'the end of the problem')
    const definitions = async (server: typeof source) => {
      const tables = await server.query<Record<string, string>[]>(`SHOW TABLES FROM ${pair.schema}`)
      const texts: string[] = []
      for (const row of tables) {
        const [created] = await server.query<Record<string, string>[]>(
          `SHOW CREATE TABLE ${pair.schema}.${Object.values(row)[0]}`,
        )
        texts.push(created?.['Create Table'] ?? '')
      }
      return texts
    }
    expect(await definitions(target)).toEqual(await definitions(source))
  })
})
