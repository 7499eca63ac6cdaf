/** Connections that go dead without a word, as when a firewall forgets them. */
import { expect, test } from 'vitest'
import { ReplicationPair } from '../../harness/replication-pair.ts'
import { startStallingProxy } from '../../harness/stalling-proxy.ts'

test('a job whose connections all go dead without a word notices, and goes on without loss', async () => {
  await using pair = await ReplicationPair.start('mysql-9.7')
  await using sourceSide = await startStallingProxy(pair.source.port)
  await using targetSide = await startStallingProxy(pair.target.port)
  await pair.source.query('CREATE DATABASE far; CREATE TABLE far.t (id INT PRIMARY KEY); INSERT INTO far.t VALUES (1)')
  const by = ({ port }: { readonly port: number }) => ({
    ConnectionConfig: {
      Key: { Host: '127.0.0.1', Port: port },
      User: pair.source.user,
      Password: pair.source.password,
    },
  })
  const { ID: id } = await pair.create(pair.jobOf('far', { source: by(sourceSide), target: by(targetSide) }))
  await pair.whenStreaming(id)
  for (const [row, side] of [
    [2, sourceSide],
    [3, targetSide],
  ] as const) {
    expect(side.stall()).toBeGreaterThan(0)
    await pair.source.query(`INSERT INTO far.t VALUES (${row})`)
    await pair.whenEqual('far', 1, 60_000)
  }
})
