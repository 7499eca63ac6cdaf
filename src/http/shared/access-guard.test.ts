import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { silentLog } from '../../core/log.ts'
import { assertAuthorized } from './access-guard.ts'
import { createApi } from './create-api.ts'
import { UnauthorizedError } from './errors.ts'
import { answer } from './json-answer.ts'

const token = createHash('sha256').update('right').digest('hex')
const tokens = { isKnown: (given: string) => given === token }

test.each([`Bearer ${token}`, `bearer ${token}`, `BEARER   ${token} `])('%j is access', (header) => {
  assertAuthorized(header, tokens)
})

test.each([
  undefined,
  '',
  'Bearer',
  'Bearer ',
  token,
  `Basic ${token}`,
  `Bearer x${token}`,
  `Bearer ${token} x`,
  `Bearer ${token.toUpperCase()}`,
])('%j is none', (header) => {
  expect(() => assertAuthorized(header, tokens)).toThrow(UnauthorizedError)
})

test('what was shown is not repeated', () => {
  for (const header of ['Bearer planted-secret', 'planted-secret', 'Basic planted-secret'])
    expect(() => assertAuthorized(header, tokens)).not.toThrow('planted')
})

function testApi(accepted?: typeof tokens) {
  const app = createApi({
    nodeName: 'n1',
    guard: { boundAddress: '127.0.0.1', names: [] },
    tokens: accepted,
    log: silentLog,
  })
  app.get('/v1', async (request, reply) => answer(request, reply, 200, 'yes'))
  app.post('/v1/jobs', async (request, reply) => answer(request, reply, 201, 'yes'))
  return app
}

const host = 'localhost'
const authorization = `Bearer ${token}`

test.each([
  ['GET', '/v1'],
  ['HEAD', '/v1'],
  ['OPTIONS', '/v1'],
  ['DELETE', '/v1'],
  ['POST', '/v1/jobs'],
  ['GET', '/v1/none'],
  ['GET', '/v1/%zz'],
  ['GET', `/v1?access_token=${token}`],
  ['GET', `/v1?token=${token}`],
] as const)('%s %s without the token is answered 401 and nothing else', async (method, url) => {
  const app = testApi(tokens)
  for (const headers of [{ host }, { host, authorization: 'Bearer wrong' }, { host: 'evil.example' }]) {
    const reply = await app.inject({ method, url, headers, payload: method === 'POST' ? '{' : '' })
    expect([reply.statusCode, reply.headers['www-authenticate']]).toEqual([401, 'Bearer'])
    if (method !== 'HEAD') expect(reply.json()).toMatchObject({ code: 'HTTP_UNAUTHORIZED', status: 401 })
    expect(reply.body).not.toContain(token)
  }
})

test('with the token everything is as it is without one', async () => {
  const app = testApi(tokens)
  const headers = { host, authorization }
  expect((await app.inject({ url: '/v1', headers })).statusCode).toBe(200)
  expect((await app.inject({ url: '/v1/none', headers })).statusCode).toBe(404)
  expect((await app.inject({ url: '/v1/%zz', headers })).statusCode).toBe(400)
  expect((await app.inject({ method: 'POST', url: '/v1/jobs', headers, payload: '{}' })).statusCode).toBe(201)
})

test('with the token any name of this machine will do, but no page of another site', async () => {
  const app = testApi(tokens)
  const named = { host: 'scheduler.internal:80', authorization }
  expect((await app.inject({ url: '/v1', headers: named })).statusCode).toBe(200)
  for (const page of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }])
    expect((await app.inject({ url: '/v1', headers: { ...named, ...page } })).statusCode).toBe(403)
})

test('where no token is asked for, one that is shown changes nothing', async () => {
  const app = testApi()
  expect((await app.inject({ url: '/v1', headers: { host, authorization: 'Bearer any' } })).statusCode).toBe(200)
  expect((await app.inject({ url: '/v1', headers: { host: 'evil.example', authorization } })).statusCode).toBe(403)
})
