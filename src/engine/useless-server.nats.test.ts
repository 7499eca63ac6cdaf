import { expect, onTestFinished, test } from 'vitest'
import { eventually } from '../../test/harness/eventually.ts'
import { startNatsCluster } from '../../test/harness/nats-cluster.ts'
import { silentLog } from '../core/log.ts'
import { openConnection } from './connection.ts'
import { leaveUselessServers } from './useless-server.ts'

test('a connection with a server that was left behind moves to the one that went on alone', async () => {
  await using cluster = await startNatsCluster()
  await cluster.ready()
  const [left, alone, gone] = cluster.servers
  if (left === undefined || alone === undefined || gone === undefined) throw new Error('no servers')
  const options = { name: 'test', log: silentLog, auth: cluster.credentials }
  const connection = await openConnection({ ...options, url: cluster.url })
  const ending = new AbortController()
  onTestFinished(async () => {
    ending.abort()
    await connection.close()
  })
  expect(connection.nats.info?.server_name).toBe(left.name)
  void leaveUselessServers(connection, ending.signal)
  await Promise.all([alone.stop(), gone.stop()])
  await alone.leaveCluster()
  await alone.start()
  await eventually(() => connection.nats.info?.server_name === alone.name, 60_000)
  expect((await (await connection.manager()).getAccountInfo()).streams).toBe(0)
})
