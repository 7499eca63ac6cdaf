/** A replication job's life: filters, DDL, pause, resume, update, delete, restarts. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { eventually } from '../../harness/eventually.ts'
import { connectionOf, ReplicationPair } from '../../harness/replication-pair.ts'

async function makeShop(pair: ReplicationPair): Promise<void> {
  await pair.source.query(
    `CREATE DATABASE shop; CREATE TABLE shop.items (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(50)) ENGINE=InnoDB`,
  )
  for (let round = 0; round < 5; round += 1)
    await pair.source.query(
      `INSERT INTO shop.items (name) VALUES ${Array.from({ length: 400 }, (_, row) => `('item ${round}.${row}')`).join(',')}`,
    )
}

async function rowCount(pair: ReplicationPair, side: 'source' | 'target', table: string): Promise<number> {
  const [row] = await pair[side].query(`SELECT COUNT(*) AS n FROM ${table}`)
  return Number(row?.n)
}

describe.each(['mariadb-10.11', 'mysql-9.7', 'mysql-5.6'] as const)('a job on %s', (kind) => {
  test('copies, follows changes and DDL in order, pauses, resumes, survives restarts and is deleted', async () => {
    await using pair = await ReplicationPair.start(kind)
    await makeShop(pair)
    const { ID: id } = await pair.create(pair.jobOf('shop'))
    await pair.whenStreaming(id)
    await pair.whenEqual('shop', 1)

    await pair.source.query(
      `UPDATE shop.items SET name = 'changed' WHERE id % 3 = 0; DELETE FROM shop.items WHERE id % 7 = 0`,
    )
    await pair.source.query(
      `ALTER TABLE shop.items ADD COLUMN price DECIMAL(8,2) DEFAULT 1.5; UPDATE shop.items SET price = id WHERE id < 50`,
    )
    await pair.source.query(
      `CREATE TABLE shop.more (a INT PRIMARY KEY, b TEXT); INSERT INTO shop.more VALUES (1, 'x'); RENAME TABLE shop.more TO shop.other`,
    )
    await pair.source.query(
      `INSERT INTO shop.other VALUES (2, 'y'); CREATE TABLE shop.gone (a INT); DROP TABLE shop.gone; TRUNCATE TABLE shop.other; INSERT INTO shop.other VALUES (3, 'z')`,
    )
    await pair.whenEqual('shop', 2)

    const paused = await pair.agent.udup('POST', `/v1/job/${id}/pause`)
    expect(paused.json).toMatchObject({ ID: id, Status: 'pause', Success: true })
    await sleep(1000)
    await pair.source.query(`INSERT INTO shop.items (name) VALUES ('while paused')`)
    await sleep(1500)
    expect(await rowCount(pair, 'target', 'shop.items')).toBe((await rowCount(pair, 'source', 'shop.items')) - 1)
    expect((await pair.agent.udup('POST', `/v1/job/${id}/resume`)).json).toMatchObject({ ID: id, Success: true })
    await pair.whenEqual('shop', 2)

    await pair.agent.stop()
    await pair.source.query(`INSERT INTO shop.items (name) VALUES ('while the agent was down')`)
    await pair.agent.start()
    await pair.whenEqual('shop', 2)

    await pair.agent.kill()
    await pair.source.query(
      `DELETE FROM shop.items ORDER BY id LIMIT 5; INSERT INTO shop.items (name) VALUES ('after the kill')`,
    )
    await pair.agent.start()
    await pair.whenEqual('shop', 2)

    expect((await pair.agent.udup('DELETE', `/v1/job/${id}`)).status).toBe(200)
    expect((await pair.agent.udup('GET', `/v1/job/${id}`)).status).toBe(404)
    const before = await rowCount(pair, 'target', 'shop.items')
    await pair.source.query(`INSERT INTO shop.items (name) VALUES ('after the end')`)
    await sleep(1500)
    expect(await rowCount(pair, 'target', 'shop.items')).toBe(before)
  })
})

describe('a job on MariaDB', () => {
  test('takes only the schemas and tables that are named, by pattern and by expression', async () => {
    await using pair = await ReplicationPair.start('mariadb-10.11')
    await pair.source.query(
      `CREATE DATABASE one; CREATE DATABASE two; CREATE DATABASE \`th-ree\`; CREATE DATABASE four`,
    )
    for (const table of [
      'one.wanted',
      'one.logs_1',
      'one.logs_2',
      'two.x1',
      'two.y1',
      '`th-ree`.`O``dd`',
      'four.never',
    ])
      await pair.source.query(`CREATE TABLE ${table} (a INT PRIMARY KEY); INSERT INTO ${table} VALUES (1)`)
    const filter = [
      { TableSchema: 'one', Tables: [{ TableName: 'wanted' }, { TableName: 'logs_?' }] },
      { TableSchema: 'two', Tables: 'x1,z*' },
      { TableSchema: '/^th-/' },
    ]
    const { ID: id } = await pair.create(
      pair.jobOf('filters', {
        source: { ReplicateDoDb: filter, ReplicateIgnoreDb: [{ TableSchema: 'one', Tables: ['logs_2'] }] },
      }),
    )
    await pair.whenStreaming(id)
    for (const table of [
      'one.wanted',
      'one.logs_1',
      'one.logs_2',
      'two.x1',
      'two.y1',
      '`th-ree`.`O``dd`',
      'four.never',
    ])
      await pair.source.query(`INSERT INTO ${table} VALUES (2)`)
    await pair.source.query(
      'CREATE TABLE two.z9 (a INT PRIMARY KEY); CREATE TABLE four.z9 (a INT PRIMARY KEY); INSERT INTO two.z9 VALUES (9)',
    )
    await eventually(async () => {
      const rows = await pair.target.query(
        `SELECT CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA IN ('one','two','th-ree','four') ORDER BY 1`,
      )
      expect(rows.map((row) => row.name)).toEqual(['one.logs_1', 'one.wanted', 'th-ree.O`dd', 'two.x1', 'two.z9'])
      for (const table of ['one.wanted', 'one.logs_1', 'two.x1', '`th-ree`.`O``dd`'])
        expect(await rowCount(pair, 'target', table)).toBe(2)
      return true
    }, 20_000)
  })

  test('starts after a given GTID without a copy', async () => {
    await using pair = await ReplicationPair.start('mariadb-10.11')
    await pair.source.query(
      'CREATE DATABASE late; CREATE TABLE late.t (a INT PRIMARY KEY); INSERT INTO late.t VALUES (1)',
    )
    await pair.target.query(
      'CREATE DATABASE late; CREATE TABLE late.t (a INT PRIMARY KEY); INSERT INTO late.t VALUES (1)',
    )
    const [row] = await pair.source.query('SELECT @@global.gtid_binlog_pos AS gtid')
    await pair.source.query('INSERT INTO late.t VALUES (2)')
    const { ID: id } = await pair.create(pair.jobOf('late', { source: { Gtid: row?.gtid } }))
    await pair.whenStreaming(id)
    await pair.whenEqual('late', 1)
  })

  test('ends complete when it is a migration', async () => {
    await using pair = await ReplicationPair.start('mariadb-10.11')
    await makeShop(pair)
    const { ID: id } = await pair.create(pair.jobOf('shop', { job: { Type: 'migration' } }))
    await pair.whenStatus(id, 'complete', /./)
    await pair.whenEqual('shop', 1)
  })

  test('two jobs of one pair of servers keep apart', async () => {
    await using pair = await ReplicationPair.start('mariadb-10.11')
    for (const name of ['left_one', 'right_one'])
      await pair.source.query(
        `CREATE DATABASE ${name}; CREATE TABLE ${name}.t (a INT PRIMARY KEY); INSERT INTO ${name}.t VALUES (1)`,
      )
    const [one, two] = [await pair.create(pair.jobOf('left_one')), await pair.create(pair.jobOf('right_one'))]
    await pair.whenStreaming(one.ID)
    await pair.whenStreaming(two.ID)
    await pair.agent.udup('POST', `/v1/job/${one.ID}/pause`)
    for (const name of ['left_one', 'right_one']) await pair.source.query(`INSERT INTO ${name}.t VALUES (2)`)
    await pair.whenEqual('right_one', 1)
    await pair.agent.udup('POST', `/v1/job/${one.ID}/resume`)
    await pair.whenEqual('left_one', 1)
  })

  test('the seed document example works with only addresses and node ids changed', async () => {
    await using pair = await ReplicationPair.start('mariadb-10.11')
    await pair.source.query(
      'CREATE DATABASE sbtest; CREATE TABLE sbtest.t (a INT PRIMARY KEY); INSERT INTO sbtest.t VALUES (1)',
    )
    const [node] = (await pair.agent.udup('GET', '/v1/nodes')).json as readonly { ID: string }[]
    const { ID: id } = await pair.create({
      Name: 'exam-7-9',
      Type: 'synchronous',
      Tasks: [
        {
          Type: 'Src',
          NodeId: node?.ID,
          Driver: 'MySQL',
          Config: {
            Gtid: '',
            NatsAddr: `127.0.0.1:${pair.agent.natsPort}`,
            ParallelWorkers: 4,
            ReplChanBufferSize: 600,
            MsgBytesLimit: 20480,
            ReplicateDoDb: [{ TableSchema: 'sbtest' }],
            ConnectionConfig: connectionOf(pair.source),
          },
        },
        {
          Type: 'Dest',
          NodeId: node?.ID,
          Driver: 'MySQL',
          Config: {
            Gtid: '',
            NatsAddr: `127.0.0.1:${pair.agent.natsPort}`,
            ParallelWorkers: 4,
            ConnectionConfig: connectionOf(pair.target),
          },
        },
      ],
    })
    await pair.whenStreaming(id)
    await pair.source.query('INSERT INTO sbtest.t VALUES (2)')
    await pair.whenEqual('sbtest', 1)
  })
})
