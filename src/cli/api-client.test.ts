import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { ApiClient } from './api-client.ts'
import { CallFailedError, WrongCallError } from './errors.ts'
import { readToken } from './token-file.ts'

let folder: string
let server: Server
let address: string
let seen: IncomingHttpHeaders
let reply: { readonly status: number; readonly body: string }

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'client-'))
  server = createServer((request, response) => {
    seen = request.headers
    response.writeHead(reply.status, { location: '/elsewhere' }).end(reply.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  address = `127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`
})

afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

beforeEach(() => {
  reply = { status: 200, body: '[]' }
})

function file(text: string): string {
  const path = join(folder, `${Math.random()}`)
  writeFileSync(path, text)
  return path
}

test('a token is shown as a bearer, and nothing is shown without one', async () => {
  await new ApiClient(address, 'planted-token').call('GET', '/v1/jobs')
  expect(seen.authorization).toBe('Bearer planted-token')
  await new ApiClient(address).call('GET', '/v1/jobs')
  expect(seen.authorization).toBeUndefined()
})

test('an agent that asks for a token is told apart from one that refuses it', async () => {
  reply = { status: 401, body: '{"detail": "x"}' }
  await expect(new ApiClient(address).call('GET', '/v1/jobs')).rejects.toThrow(/--token-file or MILLRACE_TOKEN_FILE/)
  const refused = new ApiClient(address, 'planted-token').call('GET', '/v1/jobs')
  await expect(refused).rejects.toThrow(/refuses the token.*--api-token-file/)
  await expect(refused).rejects.not.toThrow('planted')
})

test('a token is not carried on to where an answer points', async () => {
  reply = { status: 302, body: '' }
  await expect(new ApiClient(address, 'planted-token').call('GET', '/v1/jobs')).rejects.toThrow(CallFailedError)
})

test('the first token of a file is taken', () => {
  expect(readToken(file('\n first-token \nsecond-token\n'))).toBe('first-token')
})

test.each(['', ' \n', 'two words', 'tökén'])('a file with %j is no token', (text) => {
  expect(() => readToken(file(text))).toThrow(WrongCallError)
  expect(() => readToken(join(folder, 'absent'))).toThrow(/--token-file.*ENOENT.*; name a file/)
})
