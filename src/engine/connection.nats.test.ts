import { expect, onTestFinished, test, vi } from 'vitest'
import { eventually } from '../../test/harness/eventually.ts'
import { freePort } from '../../test/harness/free-port.ts'
import { startNats } from '../../test/harness/nats-server.ts'
import { UnavailableError } from '../core/errors.ts'
import { silentLog } from '../core/log.ts'
import { openConnection } from './connection.ts'
import { openBucket } from './kv-bucket.ts'

const open = (url: string, more: { readonly signal?: AbortSignal; readonly connectWithinMs?: number } = {}) =>
  openConnection({ url, name: 'test', log: silentLog, ...more })

test('a server that starts later is waited for', async () => {
  const port = await freePort()
  const opening = open(`nats://127.0.0.1:${port}`)
  await using _nats = await startNats({ port })
  const connection = await opening
  expect(connection.isConnected).toBe(true)
  await connection.close()
})

test('waiting for a server ends with its time, and the error names the address', async () => {
  const port = await freePort()
  await expect(open(`nats://127.0.0.1:${port}`, { connectWithinMs: 200 })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining(`127.0.0.1:${port}`),
  })
})

test('waiting for a server ends when it is told to', async () => {
  const abort = new AbortController()
  const opening = open(`nats://127.0.0.1:${await freePort()}`, { signal: abort.signal })
  setTimeout(() => abort.abort(new Error('enough')), 100)
  await expect(opening).rejects.toThrow('enough')
})

test('user and password in the address are used, and appear in no error', async () => {
  await using nats = await startNats({ config: 'authorization { user: "u", password: "pl4nted" }' })
  const connection = await open(`nats://u:pl4nted@127.0.0.1:${nats.port}`)
  await connection.close()
  const refused = await open(`nats://u:wr0ng-pl4nted@127.0.0.1:${nats.port}`).catch((error: unknown) => error)
  expect(refused).toMatchObject({ code: 'NATS_ACCESS' })
  expect(String(refused)).not.toContain('pl4nted')
})

test('a server without JetStream is refused', async () => {
  await using nats = await startNats({ config: 'accounts { A { users: [{ user: a, password: a }] } }' })
  await expect(open(`nats://a:a@127.0.0.1:${nats.port}`)).rejects.toMatchObject({ code: 'NATS_NO_JETSTREAM' })
})

test('what is written while the server is away is stored when it is back, and fails when it stays away', async () => {
  await using nats = await startNats()
  const connection = await open(nats.url)
  onTestFinished(() => connection.close())
  const patient = await openBucket<number>(connection, { name: 'b', storage: 'file' })
  const hasty = await openBucket<number>(connection, { name: 'b', storage: 'file', patienceMs: 200 })
  await nats.kill()
  await expect(hasty.put('a', 1)).rejects.toBeInstanceOf(UnavailableError)
  const writing = patient.put('a', 2)
  await nats.start()
  await writing
  expect((await patient.get('a'))?.value).toBe(2)
})

test('what the server told of itself is still known while it is away', async () => {
  await using nats = await startNats({ config: 'max_payload: 2MB' })
  const connection = await open(nats.url)
  onTestFinished(() => connection.close())
  const { serverVersion } = connection
  await nats.kill()
  await eventually(() => !connection.isConnected, 5_000)
  expect([connection.serverVersion, connection.maxPayloadBytes]).toEqual([serverVersion, 2 * 1_048_576])
})

test.each(['small', 'large'] as const)(
  'a server that takes nothing more is left for another one, with a %s backlog on the way to it',
  async (backlog) => {
    await using frozen = await startNats()
    await using other = await startNats()
    const connection = await open(`${frozen.url},127.0.0.1:${other.port}`)
    onTestFinished(() => connection.close())
    process.kill(frozen.pid, 'SIGSTOP')
    // More than the buffers of both ends hold: what the client says at the end waits behind it.
    const messages = backlog === 'large' ? 64 : 1
    for (let count = 0; count < messages; count += 1) connection.nats.publish('a', new Uint8Array(1_000_000))
    await eventually(() => connection.isConnected && connection.nats.getServer().endsWith(`:${other.port}`), 15_000)
    process.kill(frozen.pid, 'SIGCONT')
  },
)

test('the server that was lost is the last one to be tried again', async () => {
  await using frozen = await startNats()
  await using other = await startNats()
  const connection = await open(`${frozen.url},127.0.0.1:${other.port}`)
  onTestFinished(() => connection.close())
  let attempts = 0
  void (async () => {
    for await (const { type } of connection.nats.status()) if (type === 'reconnecting') attempts += 1
  })()
  process.kill(frozen.pid, 'SIGSTOP')
  await eventually(() => connection.isConnected && connection.nats.getServer().endsWith(`:${other.port}`), 15_000)
  process.kill(frozen.pid, 'SIGCONT')
  expect(attempts).toBe(1)
})

test('a clock that jumps back does not keep it from connecting again', async () => {
  await using nats = await startNats()
  const connection = await open(nats.url)
  onTestFinished(() => connection.close())
  const jump = vi.spyOn(Date, 'now').mockImplementation(() => performance.timeOrigin + performance.now() - 3_600_000)
  onTestFinished(() => jump.mockRestore())
  await nats.kill()
  await eventually(() => !connection.isConnected, 5_000)
  await nats.start()
  await connection.whenConnected(AbortSignal.timeout(10_000))
  await connection.nats.flush()
})
