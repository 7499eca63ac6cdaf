/** Logs in which MariaDB finds no GTIDs: one event is larger than max_allowed_packet. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { eventually } from '../../test/harness/eventually.ts'
import { startServer, type TestServer } from '../../test/harness/mysql-servers.ts'
import { SourceUnderTest } from '../../test/source/source-under-test.ts'
import type { Position } from '../binlog/position.ts'
import { readCommittedPosition } from './binlog-place.ts'
import { openSession, type Session } from './session.ts'

type Gtids = Extract<Position, { kind: 'mariadb-gtid' }>

describe('a log of mariadb-10.11 with an event larger than max_allowed_packet', () => {
  let server: TestServer

  beforeAll(async () => {
    server = await startServer('mariadb-10.11', { args: ['--max-allowed-packet=1M'] })
    await server.query(`CREATE DATABASE shop; CREATE DATABASE big;
      CREATE TABLE shop.t (id INT AUTO_INCREMENT PRIMARY KEY, v INT) ENGINE=InnoDB;
      INSERT INTO shop.t (v) VALUES (1), (2);
      CREATE TABLE big.t (id INT PRIMARY KEY, a LONGTEXT, b LONGTEXT) ENGINE=InnoDB;
      INSERT INTO big.t VALUES (1, REPEAT('a', 700000), REPEAT('b', 700000))`)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  async function read(session: Session): Promise<Gtids> {
    const position = await readCommittedPosition(session, true)
    if (position.kind !== 'mariadb-gtid') throw new Error(`a position of kind ${position.kind}`)
    return position
  }

  async function toldBy(session: Pick<TestServer, 'query'> | Session, { file, offset }: Gtids): Promise<unknown> {
    const [row] = await session.query(`SELECT BINLOG_GTID_POS('${file}', ${offset}) AS gtid`)
    return row?.gtid
  }

  test('positions are read beside a writer, and are what the server says once it can read its log', async () => {
    const session = await opened(server)
    let isWriting = true
    const writing = (async () => {
      for (let count = 0; isWriting; count += 1) {
        await server.query(`INSERT INTO shop.t (v) VALUES (${count})`)
        if (count % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 30))
      }
    })()
    const positions: Gtids[] = []
    for (let count = 0; count < 30; count += 1) positions.push(await read(session))
    expect(await toldBy(session, positions[0] as Gtids)).toBeNull()
    isWriting = false
    await writing
    expect(new Set(positions.map(({ offset }) => offset)).size).toBeGreaterThan(5)
    await server.query('SET GLOBAL max_allowed_packet = 1073741824')
    const reader = await opened(server)
    await server.query('SET GLOBAL max_allowed_packet = 1048576')
    for (const position of positions) expect(await toldBy(reader, position)).toBe(position.gtid)
  })

  test('where something is always written the operator is told what to do, and it goes on when that is done', async () => {
    const session = await opened(server)
    const write = () => server.query('INSERT INTO shop.t (v) VALUES (0)')
    const query: Session['query'] = async (sql) => {
      if (sql === 'SHOW MASTER STATUS') await write()
      return session.query(sql)
    }
    const execute: Session['execute'] = (sql) => session.execute(sql)
    const { vendor, version, where } = session
    const busy = { vendor, version, where, query, execute } as Session
    await expect(read(busy)).rejects.toMatchObject({
      code: 'MYSQL_SERVER_SETTING',
      remedy: 'operator',
      message: expect.stringMatching(/binlog\.\d+:\d+.*; run FLUSH BINARY LOGS there, or raise max_allowed_packet$/),
    })
    await server.query('FLUSH BINARY LOGS')
    const position = await read(busy)
    expect(position.gtid).toBe(await toldBy(server, position))
    await server.query(`INSERT INTO big.t VALUES (2, REPEAT('a', 700000), REPEAT('b', 700000))`)
  })

  test('a copy begins behind that event, and follows what is written afterwards', async () => {
    await using source = new SourceUnderTest(server, { include: [{ schema: 'shop', tables: [] }] })
    await eventually(() => source.failure !== null || source.replay.isCopied, 60_000)
    source.check()
    await server.query('INSERT INTO shop.t (id, v) VALUES (1000000, 7)')
    await eventually(() => source.replay.rowsOf('shop.t').some((row) => row.includes('1000000')), 60_000)
    source.check()
  })
})

async function opened(server: TestServer): Promise<Session> {
  const session = await openSession(server)
  onTestFinished(() => session.close())
  return session
}
