/** The harness itself: what every other test on real servers takes for granted. */
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { processIdentity } from '../../src/core/process-identity.ts'
import { eventually } from '../harness/eventually.ts'
import { freePort } from '../harness/free-port.ts'
import { type ServerKind, startServer, type TestServer } from '../harness/mysql-servers.ts'
import { startNats } from '../harness/nats-server.ts'

const kinds: readonly (readonly [ServerKind, RegExp])[] = [
  ['mariadb-10.11', /^10\.11\.\d+-MariaDB/],
  ['mysql-9.7', /^(9\.[7-9]|[1-9]\d)\./],
  ['mysql-5.6', /^5\.6\./],
]

test.each(kinds)(
  '%s starts, logs rows with GTIDs, and keeps what was committed when it is killed',
  async (kind, version) => {
    await using server = await startServer(kind)
    const [settings] = await server.query(
      'SELECT VERSION() AS version, @@GLOBAL.server_id AS id, @@GLOBAL.binlog_format AS format, @@GLOBAL.binlog_row_image AS image, @@GLOBAL.log_bin AS log_bin',
    )
    expect(settings).toMatchObject({ id: server.serverId, format: 'ROW', image: 'FULL', log_bin: 1 })
    expect(String(settings?.version)).toMatch(version)
    await server.query('CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY) ENGINE=InnoDB')
    await server.query('INSERT INTO shop.orders VALUES (1), (2), (3)')
    const gtids = server.vendor === 'mariadb' ? '@@GLOBAL.gtid_binlog_pos' : '@@GLOBAL.gtid_executed'
    const [before] = await server.query(`SELECT ${gtids} AS gtids`)
    const pidBefore = server.pid

    await server.kill()
    expect(processIdentity(pidBefore)).toBeNull()
    await server.start()

    expect(server.pid).not.toBe(pidBefore)
    expect(await server.query('SELECT id FROM shop.orders ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }])
    const [after] = await server.query(`SELECT ${gtids} AS gtids`)
    expect(after).toEqual(before)
    expect(String(after?.gtids)).not.toBe('')
  },
)

test.each(kinds)('two servers of %s at once differ in port, server id and UUID', async (kind) => {
  await using first = await startServer(kind)
  await using second = await startServer(kind, { durable: true })
  expect(second.port).not.toBe(first.port)
  expect(await identityOf(second)).not.toEqual(await identityOf(first))
})

/** What tells a server's transactions from another's; MariaDB has no UUID. */
async function identityOf(server: TestServer): Promise<readonly unknown[]> {
  const name = server.vendor === 'mysql' ? 'server_uuid' : 'server_id'
  const rows = await server.query(`SELECT @@GLOBAL.${name} AS identity`)
  return rows.map((row) => row.identity)
}

test('a server that cannot start shows the end of its log', async () => {
  await expect(startServer('mariadb-10.11', { args: ['--no-such-option'] })).rejects.toThrow(/no-such-option/)
})

test('a disposed server leaves neither process nor folder', async () => {
  const server = await startServer('mariadb-10.11')
  const { pid, dataDir } = server
  await server[Symbol.asyncDispose]()
  expect(processIdentity(pid)).toBeNull()
  expect(existsSync(dataDir)).toBe(false)
})

test('a NATS server with JetStream comes back on its port after a kill', async () => {
  await using nats = await startNats()
  const pidBefore = nats.pid
  await nats.kill()
  await nats.start()
  expect(nats.pid).not.toBe(pidBefore)
  expect(await nats.log()).toContain('Starting JetStream')
})

test('the same port is never handed out twice', async () => {
  const ports = await Promise.all(Array.from({ length: 50 }, freePort))
  expect(new Set(ports).size).toBe(50)
})

test('waiting ends with the reason when the time is over', async () => {
  const failing = () => {
    throw new Error('still empty')
  }
  await expect(eventually(failing, 60, 'the table')).rejects.toThrow(/the table did not come true.*still empty/)
  let calls = 0
  expect(await eventually(() => (++calls > 2 ? calls : undefined), 2_000)).toBe(3)
})
