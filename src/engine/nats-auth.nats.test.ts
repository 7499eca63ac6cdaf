import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { nkeys } from '@nats-io/nats-core'
import { expect, onTestFinished, test } from 'vitest'
import { startNats } from '../../test/harness/nats-server.ts'
import { operatorAccess } from '../../test/harness/operator-access.ts'
import { tempDir } from '../../test/harness/temp-dir.ts'
import { type Log, silentLog } from '../core/log.ts'
import { openConnection } from './connection.ts'
import { openBucket } from './kv-bucket.ts'
import { type NatsAuth, readAuthFile } from './nats-auth.ts'

async function secretFile(content: string, mode = 0o600): Promise<string> {
  const folder = await tempDir('mr-auth-')
  onTestFinished(() => folder[Symbol.asyncDispose]())
  const path = join(folder.path, 'secret')
  await writeFile(path, content)
  await chmod(path, mode)
  return path
}

async function stores(url: string, auth: NatsAuth): Promise<void> {
  const connection = await openConnection({ url, auth, name: 'test', log: silentLog })
  onTestFinished(() => connection.close())
  const bucket = await openBucket<number>(connection, { name: 'b', storage: 'file' })
  await bucket.put('a', 1)
  expect((await bucket.get('a'))?.value).toBe(1)
}

const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString()

test('user and password from a file let us in; the password may hold colons', async () => {
  await using nats = await startNats({ config: 'authorization { user: "u", password: "a:b" }' })
  await stores(nats.url, await readAuthFile(await secretFile('u:a:b\n'), silentLog))
})

test('a token from a file lets us in', async () => {
  await using nats = await startNats({ config: 'authorization { token: "t0ken" }' })
  await stores(nats.url, await readAuthFile(await secretFile('t0ken\n'), silentLog))
})

test('an nkey seed from a file lets us in, another one does not', async () => {
  const [known, stranger] = [nkeys.createUser(), nkeys.createUser()]
  await using nats = await startNats({ config: `authorization { users: [ { nkey: ${known.getPublicKey()} } ] }` })
  await stores(nats.url, await readAuthFile(await secretFile(`${textOf(known.getSeed())}\n`), silentLog))
  const auth = { nkeySeed: textOf(stranger.getSeed()) }
  await expect(openConnection({ url: nats.url, auth, name: 'test', log: silentLog })).rejects.toMatchObject({
    code: 'NATS_ACCESS',
  })
})

test('credentials from a file let us in where accounts are told by tokens (operator mode)', async () => {
  const { config, secret } = operatorAccess()
  await using nats = await startNats({ config })
  await stores(nats.url, await readAuthFile(await secretFile(secret), silentLog))
})

test('streams of a JetStream domain are used by its name', async () => {
  await using nats = await startNats({ domain: 'far' })
  const options = { url: nats.url, name: 'test', log: silentLog }
  const connection = await openConnection({ ...options, domain: 'far' })
  onTestFinished(() => connection.close())
  const bucket = await openBucket<number>(connection, { name: 'b', storage: 'file' })
  await bucket.put('a', 1)
  expect(await bucket.list()).toMatchObject([{ key: 'a', value: 1 }])
  await expect(openConnection({ ...options, domain: 'near' })).rejects.toMatchObject({ code: 'NATS_NO_JETSTREAM' })
})

test.each([
  ['nothing', '\n'],
  ['two lines', 's3cret\ns3cret\n'],
  ['no user', ':s3cret'],
  ['a seed with a wrong letter', `${textOf(nkeys.createUser().getSeed()).slice(0, -2)}AA`],
  ['half of the credentials', '-----BEGIN NATS USER JWT-----\ns3cret\n------END NATS USER JWT------\n'],
])('a file with %s is refused, and its content is not repeated', async (_name, content) => {
  const path = await secretFile(content)
  const error: unknown = await readAuthFile(path, silentLog).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'NATS_AUTH_FILE', message: expect.stringContaining(path) })
  expect(String(error)).not.toMatch(/s3cret|SU[A-Z2-7]{20}/)
})

test('a missing file is named', async () => {
  await expect(readAuthFile('/nowhere/secret', silentLog)).rejects.toMatchObject({
    code: 'NATS_AUTH_FILE',
    message: expect.stringContaining('/nowhere/secret'),
  })
})

test('a file that others can read is used with a warning', async () => {
  const warnings: unknown[] = []
  const log: Log = { ...silentLog, warn: (facts) => warnings.push(facts) }
  expect(await readAuthFile(await secretFile('t0ken', 0o644), log)).toEqual({ token: 't0ken' })
  expect(warnings).toMatchObject([{ mode: '644' }])
})
