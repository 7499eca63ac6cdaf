/** Logs in which MariaDB finds no GTIDs: one event is larger than max_allowed_packet. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { eventually } from '../../test/harness/eventually.ts'
import { startServer, type TestServer } from '../../test/harness/mysql-servers.ts'
import { FrameReplay } from '../../test/source/frame-replay.ts'
import { SourceUnderTest } from '../../test/source/source-under-test.ts'
import type { Position } from '../binlog/position.ts'
import { systemClock } from '../core/clock.ts'
import { openSnapshots } from '../replication/source/copy/snapshot-gate.ts'
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

  /** The session, but a transaction commits each time before the end of the log is asked for. */
  function alwaysWritten(session: Session): Session {
    const query: Session['query'] = async (sql) => {
      if (sql === 'SHOW MASTER STATUS') await server.query('INSERT INTO shop.t (v) VALUES (0)')
      return session.query(sql)
    }
    const execute: Session['execute'] = (sql) => session.execute(sql)
    const { vendor, version, where } = session
    return { vendor, version, where, query, execute } as Session
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
    onTestFinished(() => {
      isWriting = false
    })
    const positions: Gtids[] = []
    while (new Set(positions.map(({ offset }) => offset)).size < 10) positions.push(await read(session))
    expect(await toldBy(session, positions[0] as Gtids)).toBeNull()
    isWriting = false
    await writing
    await server.query('SET GLOBAL max_allowed_packet = 1073741824')
    const reader = await opened(server)
    await server.query('SET GLOBAL max_allowed_packet = 1048576')
    for (const position of positions) expect(await toldBy(reader, position)).toBe(position.gtid)
  })

  test('where something is always written the operator is told what to do, and it goes on when that is done', async () => {
    const session = await opened(server)
    const busy = alwaysWritten(session)
    await expect(read(busy)).rejects.toMatchObject({
      code: 'MYSQL_SERVER_SETTING',
      remedy: 'operator',
      message: expect.stringMatching(/binlog\.\d+:\d+.*; run FLUSH BINARY LOGS there, or raise max_allowed_packet$/),
    })
    const gate = { position: await read(session), lastCommit: null }
    const hasty = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() * 100 }
    await expect(openSnapshots([busy], busy, gate, hasty)).rejects.toMatchObject({ code: 'MYSQL_SERVER_SETTING' })
    await server.query('FLUSH BINARY LOGS')
    await openSnapshots([busy], busy, gate, hasty)
    await session.execute('COMMIT')
    const position = await read(busy)
    expect(position.gtid).toBe(await toldBy(server, position))
    await server.query(`INSERT INTO big.t VALUES (2, REPEAT('a', 700000), REPEAT('b', 700000))`)
  })

  test('a copy that was interrupted behind that event goes on while nothing is written', async () => {
    await server.query(`CREATE DATABASE many; CREATE TABLE many.t (id INT PRIMARY KEY, v VARCHAR(200)) ENGINE=InnoDB;
      INSERT INTO many.t SELECT seq, REPEAT('p', 200) FROM many.seq_1_to_20000`)
    const options = { include: [{ schema: 'many', tables: [] }], pipeBytes: 100_000, tuning: { chunkBytes: 100_000 } }
    const replay = new FrameReplay()
    await using interrupted = new SourceUnderTest(server, { ...options, pauseAfterChunks: 3 }, replay)
    await interrupted.whenPaused()
    expect(replay.isCopied).toBe(false)
    await interrupted[Symbol.asyncDispose]()
    await using source = new SourceUnderTest(server, options, replay)
    await eventually(() => source.failure !== null || replay.isCopied, 25_000)
    source.check()
    expect(replay.rowsOf('many.t')).toHaveLength(20_000)
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
