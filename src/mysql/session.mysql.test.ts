import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../test/harness/eventually.ts'
import { startServer, type TestServer } from '../../test/harness/mysql-servers.ts'
import { startStallingProxy } from '../../test/harness/stalling-proxy.ts'
import {
  AccessDeniedError,
  LockConflictError,
  LostConnectionError,
  ServerUnreachableError,
  SqlError,
} from './errors.ts'
import { openSession } from './session.ts'
import { copyingState } from './session-state.ts'
import { readTextRow } from './text-row.ts'

describe.each(['mariadb-10.11', 'mysql-9.7', 'mysql-5.6'] as const)('a session with %s', (kind) => {
  let server: TestServer

  beforeAll(async () => {
    server = await startServer(kind, { args: ['--max-allowed-packet=64M'] })
    await server.query('CREATE DATABASE s; CREATE TABLE s.t (a INT PRIMARY KEY, b LONGBLOB) ENGINE=InnoDB')
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test('tells vendor, version and connection id', async () => {
    const session = await openSession(server)
    const [row] = await session.query('SELECT CONNECTION_ID() AS id, VERSION() AS version')
    expect(session.vendor).toBe(server.vendor)
    expect(session.version.text).toBe(row?.version)
    expect(String(session.connectionId)).toBe(row?.id)
    await session.close()
  })

  test('gives cells as text and NULL as null', async () => {
    const session = await openSession(server)
    const rows = await session.query("SELECT 18446744073709551615 AS big, NULL AS none, 'ä€😀' AS txt, '' AS nothing")
    expect(rows).toEqual([{ big: '18446744073709551615', none: null, txt: 'ä€😀', nothing: '' }])
    await session.close()
  })

  test('sends statements of any bytes and of every length around the packet limit unchanged', async () => {
    const session = await openSession(server)
    await session.execute('SET NAMES binary')
    const head = "SELECT LENGTH('"
    const tail = "') AS n"
    for (const excess of [-2, -1, 0, 1, 2]) {
      const filler = Buffer.alloc(0xff_ffff - head.length - tail.length - 1 + excess, 0xe4)
      const rows = await session.query(Buffer.concat([Buffer.from(head), filler, Buffer.from(tail)]))
      expect(rows[0]?.n).toBe(String(filler.length))
    }
    await session.close()
  })

  test('reads raw rows of any bytes, large ones too, while the consumer is slow', async () => {
    const session = await openSession(server)
    await session.execute(copyingState)
    const cells: (Buffer | null)[] = []
    for await (const batch of session.rawRows(
      "SELECT REPEAT(X'FFFE', 9000000) UNION ALL SELECT NULL UNION ALL SELECT X'00FB'",
    )) {
      await new Promise((resolve) => setImmediate(resolve))
      for (const row of batch) cells.push(...readTextRow(row, 0, 1).cells)
    }
    expect(cells[0]?.length).toBe(18_000_000)
    expect(cells[0]?.subarray(0, 4).toString('hex')).toBe('fffefffe')
    expect(cells.slice(1)).toEqual([null, Buffer.from('00fb', 'hex')])
    await session.close()
  })

  test('goes on after a consumer of raw rows stopped early', async () => {
    const session = await openSession(server)
    const many = 'SELECT 1 FROM information_schema.COLLATIONS a, information_schema.COLLATIONS b'
    for await (const batch of session.rawRows(many)) if (batch.length > 0) break
    expect(await session.query('SELECT 2 AS two')).toEqual([{ two: '2' }])
    await session.close()
  })

  test('sums the counts of several statements and says which one failed', async () => {
    const session = await openSession(server, { multipleStatements: true })
    const result = await session.execute('INSERT INTO s.t (a) VALUES (10), (11); DELETE FROM s.t WHERE a = 10')
    expect(result.affectedRows).toBe(3)
    const failing = session.execute("SELECT 1; INSERT INTO s.t (a) VALUES (11); SELECT 'never'")
    await expect(failing).rejects.toMatchObject({ errno: 1062, statementIndex: 1, sqlState: '23000' })
    expect(await session.query('SELECT 1 AS one')).toEqual([{ one: '1' }])
    await session.close()
  })

  test('keeps values of rows out of error messages', async () => {
    const session = await openSession(server)
    const duplicate = session.execute('INSERT INTO s.t (a) VALUES (4711), (4711)')
    await expect(duplicate).rejects.toThrow(SqlError)
    await expect(duplicate).rejects.not.toThrow(/4711/)
    await expect(session.execute("SELEKT 'secret'")).rejects.not.toThrow(/secret/)
    await session.close()
  })

  test('loads what it is given by LOAD DATA LOCAL', async () => {
    await server.query('SET GLOBAL local_infile = 1')
    const session = await openSession(server, { localInfile: true })
    async function* lines() {
      for (let key = 100; key < 20_100; key += 100)
        yield Buffer.from(Array.from({ length: 100 }, (_, index) => `${key + index}\tx\n`).join(''))
    }
    const { affectedRows } = await session.execute("LOAD DATA LOCAL INFILE 'any' INTO TABLE s.t", { infile: lines() })
    expect(affectedRows).toBe(20_000)
    await session.close()
  })

  test('a wrong password is an access error that names user and server', async () => {
    const refused = openSession({
      ...server,
      host: server.host,
      port: server.port,
      user: server.user,
      password: 'wrong',
    })
    await expect(refused).rejects.toThrow(AccessDeniedError)
    await expect(refused).rejects.toThrow(`127.0.0.1:${server.port} refused user '${server.user}'`)
    // A job, a form and a command line have other names for where they are given.
    await expect(refused).rejects.toThrow('; correct the user or password, or create the user for this host')
  })

  test('a lock wait that takes too long is a lock conflict to try again', async () => {
    const [one, two] = [await openSession(server), await openSession(server)]
    await one.execute('INSERT INTO s.t (a) VALUES (5) ON DUPLICATE KEY UPDATE a = 5')
    await one.execute('BEGIN')
    await one.execute('UPDATE s.t SET b = 1 WHERE a = 5')
    await two.execute('SET SESSION innodb_lock_wait_timeout = 1')
    await expect(two.execute('DELETE FROM s.t WHERE a = 5')).rejects.toThrow(LockConflictError)
    one.destroy()
    await two.close()
  })

  test('a killed connection fails what is under way, and tells its listener', async () => {
    const session = await openSession(server)
    const lost: unknown[] = []
    session.onLost((error) => lost.push(error))
    const sleeping = expect(session.query('SELECT SLEEP(60)')).rejects.toThrow(LostConnectionError)
    await eventually(async () => {
      const running = await server.query<{ n: number }[]>(
        `SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE ID = ${session.connectionId} AND INFO LIKE '%SLEEP%'`,
      )
      return Number(running[0]?.n) === 1
    }, 5_000)
    await server.query(`KILL ${session.connectionId}`)
    await sleeping
    await eventually(() => lost.length === 1, 5_000)
    expect(session.isOpen).toBe(false)
    await expect(session.query('SELECT 1')).rejects.toThrow(LostConnectionError)
  })

  test('a statement may be silent for as long as the server works on it', async () => {
    const session = await openSession(server, { silenceMs: 200 })
    expect(await session.query('SELECT SLEEP(3) AS woken')).toEqual([{ woken: '0' }])
    await session.close()
  })

  test('a connection that went dead without a word is lost, whether the statement arrived or not', async () => {
    await using proxy = await startStallingProxy(server.port)
    const account = { host: '127.0.0.1', port: proxy.port, user: server.user, password: server.password }
    const [never, begun] = [
      await openSession(account, { silenceMs: 200 }),
      await openSession(account, { silenceMs: 200 }),
    ]
    const lost = expect(begun.query('SELECT SLEEP(3)')).rejects.toThrow(LostConnectionError)
    await sleep(100)
    proxy.stall()
    await expect(never.query('SELECT 1')).rejects.toThrow('the server waits for a statement')
    await lost
  })

  test('a server that cannot be reached any more is lost', async () => {
    await using proxy = await startStallingProxy(server.port)
    const session = await openSession(
      { host: '127.0.0.1', port: proxy.port, user: server.user, password: server.password },
      { silenceMs: 200 },
    )
    proxy.stall()
    proxy.refuse()
    await expect(session.query('SELECT 1')).rejects.toThrow('another connection does not get through')
  })
})

test('a port where nobody listens is an unreachable server, named', async () => {
  const refused = openSession({ host: '127.0.0.1', port: 1, user: 'u', password: 'p' })
  await expect(refused).rejects.toThrow(ServerUnreachableError)
  await expect(refused).rejects.toThrow("can't reach the server 127.0.0.1:1")
})
