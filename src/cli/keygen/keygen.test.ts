import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TempDir, tempDir } from '../../../test/harness/temp-dir.ts'
import { InvalidError } from '../../core/errors.ts'
import { hostNames } from './host-names.ts'
import { KeyFolderError } from './key-folder.ts'
import { keygen } from './keygen.ts'

let parent: TempDir
let folder: string

beforeAll(async () => {
  parent = await tempDir('mr-keys-')
  folder = join(parent.path, 'keys')
  keygen(folder, 'a.example,10.0.0.1,fd00::1')
}, 60_000)

afterAll(() => parent[Symbol.asyncDispose]())

const read = (name: string) => readFileSync(join(folder, name), 'utf8')
const contents = () => Object.fromEntries(readdirSync(folder).map((name) => [name, read(name)]))

test('the folder and every secret in it are closed to other accounts', () => {
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  for (const name of readdirSync(folder).filter((name) => /key|token/.test(name)))
    expect([name, statSync(join(folder, name)).mode & 0o777]).toEqual([name, 0o600])
})

test('the tokens are long, and not the same', () => {
  expect(read('cluster-token')).toMatch(/^[0-9a-f]{64}\n$/)
  expect(read('api-token')).toMatch(/^[0-9a-f]{64}\n$/)
  expect(read('api-token')).not.toBe(read('cluster-token'))
})

test.each(['a.example', '10.0.0.1', 'fd00::1'])(
  'the certificate of %s is good for it and for its own machine',
  (host) => {
    const certificate = new X509Certificate(read(`${host}.pem`))
    const authority = new X509Certificate(read('ca.pem'))
    expect(certificate.checkIssued(authority) && certificate.verify(authority.publicKey)).toBe(true)
    const check = (name: string) => (name.includes('example') ? certificate.checkHost(name) : certificate.checkIP(name))
    expect(check(host)).toBeDefined()
    expect(certificate.checkHost('localhost')).toBe('localhost')
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1')
    expect(certificate.checkHost('b.example')).toBeUndefined()
    expect(certificate.checkIP('10.0.0.2')).toBeUndefined()
    expect(certificate.ca).toBe(false)
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
  },
)

test('two ends that verify each other meet over TLS, and one of another authority is refused', async () => {
  const ends = { ca: read('ca.pem'), cert: read('10.0.0.1.pem'), key: read('10.0.0.1-key.pem') }
  const server = createServer({ ...ends, requestCert: true, rejectUnauthorized: true }, (socket) => socket.end('hello'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const greeting = async (own: object) => {
    const socket: TLSSocket = connect({ host: '127.0.0.1', port, ca: ends.ca, ...own })
    let text = ''
    for await (const chunk of socket.setEncoding('utf8')) text += chunk
    return text
  }
  expect(await greeting({ cert: read('a.example.pem'), key: read('a.example-key.pem') })).toBe('hello')
  const strangers = join(parent.path, 'strangers')
  keygen(strangers, 'a.example')
  const strange = (name: string) => readFileSync(join(strangers, name), 'utf8')
  // A server that refuses a client's certificate ends TLS 1.3 after the client believes it is in.
  const refused = greeting({ cert: strange('a.example.pem'), key: strange('a.example-key.pem') }).catch(() => '')
  expect(await refused).toBe('')
  await expect(greeting({ ca: strange('ca.pem') })).rejects.toThrow()
  server.close()
})

test('run again with more hosts it keeps everything that is there', () => {
  const before = contents()
  const lines = keygen(folder, 'a.example,c.example').split('\n')
  expect(contents()).toMatchObject(before)
  expect(lines.filter((line) => line.startsWith('made'))).toEqual([expect.stringContaining('c.example.pem')])
  const authority = new X509Certificate(read('ca.pem'))
  expect(new X509Certificate(read('c.example.pem')).verify(authority.publicKey)).toBe(true)
})

test('every line names the flags that take its files', () => {
  const text = keygen(folder, 'a.example')
  for (const flag of ['--cluster-token-file', '--api-token-file', '--tls-ca-file', '--tls-cert-file', '--tls-key-file'])
    expect(text).toContain(`${flag} ${folder}/`)
  expect(text).not.toContain(read('cluster-token').trim())
})

describe('a run that broke off', () => {
  test('between a key and its certificate is finished with that key', () => {
    const key = read('a.example-key.pem')
    rmSync(join(folder, 'a.example.pem'))
    keygen(folder, 'a.example')
    expect(read('a.example-key.pem')).toBe(key)
    expect(new X509Certificate(read('a.example.pem')).checkPrivateKey(createPrivateKey(key))).toBe(true)
  })

  test("leaves the authority's key where it is wanted: without it no further host gets a certificate", () => {
    const key = read('ca-key.pem')
    rmSync(join(folder, 'ca-key.pem'))
    keygen(folder, 'a.example')
    expect(() => keygen(folder, 'd.example')).toThrow(KeyFolderError)
    expect(() => keygen(folder, 'd.example')).toThrow('ca-key.pem is not there')
    writeFileSync(join(folder, 'ca-key.pem'), key, { mode: 0o600 })
    keygen(folder, 'd.example')
  })
})

test('a folder that cannot be made is told with the flag that names another', () => {
  expect(() => keygen(join(folder, 'cluster-token', 'x'), '')).toThrow('--dir')
})

test('hosts are taken as people write them', () => {
  expect(hostNames(' A.Example., b ,[fd00::1],b,10.0.0.1,')).toEqual(['a.example', 'b', 'fd00::1', '10.0.0.1'])
  expect(hostNames('')).toEqual([])
})

test.each(['a:8193', '../x', 'a/b', '*.example', '-a', 'a..b', 'ca', 'a-key', 'bücher.example', `${'a'.repeat(64)}.x`])(
  '%s is refused as a host',
  (host) => {
    expect(() => hostNames(`good.example,${host}`)).toThrow(InvalidError)
  },
)
