import { connect } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ConflictError, InvalidError, NotFoundError, UnavailableError } from '../../core/errors.ts'
import { silentLog } from '../../core/log.ts'
import { createApi } from './create-api.ts'
import { answer, rawNumber, warnOfUnknown } from './json-answer.ts'
import { jsonBody } from './json-body.ts'

const failures: Readonly<Record<string, () => Error>> = {
  invalid: () => new InvalidError([{ field: 'schedule', value: 'x', message: 'must have 5 or 6 fields' }]),
  missing: () => new NotFoundError('no job named "x"'),
  conflict: () => new ConflictError('somebody was faster'),
  down: () => new UnavailableError('no leader'),
  odd: () => new Error('password=hunter2'),
}

function testApi(): FastifyInstance {
  const app = createApi({
    nodeName: 'node-ü1',
    guard: { boundAddress: '127.0.0.1', names: [] },
    log: silentLog,
  })
  app.get('/v1/thing/:name', async (request, reply) =>
    answer(request, reply, 200, { params: request.params, group: rawNumber('1700000000123456789') }),
  )
  app.post('/v1/thing', async (request, reply) => {
    warnOfUnknown(reply, ['odd"\r\nX-Evil: 1', 'ключ'])
    return answer(request, reply, 201, jsonBody(request.body))
  })
  app.post('/v1/order', async (request, reply) => answer(request, reply, 200, 'done'))
  app.get('/v1/fail/:how', async (request) => {
    throw failures[(request.params as { how: string }).how]?.()
  })
  onTestFinished(() => app.close())
  return app
}

const host = 'localhost:8080'

test('every answer names the node and has the exact content type of the original', async () => {
  const reply = await testApi().inject({ url: '/v1/thing/a', headers: { host } })
  expect(reply.headers['content-type']).toBe('application/json; charset=UTF-8')
  expect(reply.headers['x-whom']).toBe('node-%C3%BC1')
  expect(reply.body).toBe('{"params":{"name":"a"},"group":1700000000123456789}')
})

test.each(['pretty', 'pretty=', 'pretty=true', 'a=b&pretty=0'])('?%s indents answers and errors', async (query) => {
  const app = testApi()
  const good = await app.inject({ url: `/v1/thing/a?${query}`, headers: { host } })
  const bad = await app.inject({ url: `/v1/none?${query}`, headers: { host } })
  expect([good.body.split('\n')[1], bad.body.split('\n')[1]]).toEqual(['  "params": {', '  "type": "about:blank",'])
})

test.each([
  ['invalid', 422, 'INVALID', undefined],
  ['missing', 404, 'NOT_FOUND', undefined],
  ['conflict', 409, 'CONFLICT', undefined],
  ['down', 503, 'UNAVAILABLE', '1'],
  ['odd', 500, 'INTERNAL', undefined],
])('an error that is %s is answered %i as problem JSON', async (how, status, code, retryAfter) => {
  const reply = await testApi().inject({ url: `/v1/fail/${how}`, headers: { host } })
  expect(reply.statusCode).toBe(status)
  expect(reply.headers['content-type']).toBe('application/problem+json; charset=UTF-8')
  expect(reply.headers['retry-after']).toBe(retryAfter)
  expect(reply.headers['x-whom']).toBe('node-%C3%BC1')
  const body = reply.json<Record<string, unknown>>()
  expect(Object.keys(body)).toEqual(['type', 'title', 'status', 'detail', 'code', 'errors'])
  expect(body).toMatchObject({ status, code })
  expect(reply.body).not.toContain('hunter2')
})

test('an invalid value is listed with field, value and message', async () => {
  const reply = await testApi().inject({ url: '/v1/fail/invalid', headers: { host } })
  expect(reply.json()).toMatchObject({
    title: 'Unprocessable Content',
    errors: [{ field: 'schedule', value: 'x', message: 'must have 5 or 6 fields' }],
  })
})

test.each([
  ['GET', '/v1/nothing', 404, undefined],
  ['GET', '/', 404, undefined],
  ['PUT', '/v1/thing', 405, 'POST'],
  ['DELETE', '/v1/thing/x', 405, 'GET, HEAD'],
  ['POST', '/v1/thing/x?pretty', 405, 'GET, HEAD'],
  ['OPTIONS', '/v1/thing', 405, 'POST'],
  ['GET', '/v1/thing/', 405, 'POST'],
  ['GET', '/v1/thing/%zz', 400, undefined],
] as const)('%s %s is answered %i', async (method, url, status, allow) => {
  const reply = await testApi().inject({ method, url, headers: { host } })
  expect(reply.statusCode).toBe(status)
  expect(reply.headers.allow).toBe(allow)
  expect(reply.json()).toMatchObject({ status })
})

test.each([
  [undefined],
  ['application/json'],
  ['application/x-www-form-urlencoded'],
  ['text/plain; charset=latin1'],
  ['nonsense'],
  ['multipart/form-data'],
])('a JSON body is read whatever its Content-Type, here %s', async (type) => {
  const headers = type === undefined ? { host } : { host, 'content-type': type }
  const payload = Buffer.from('{"a":"ü"}')
  const reply = await testApi().inject({ method: 'POST', url: '/v1/thing', headers, payload })
  expect([reply.statusCode, reply.body]).toEqual([201, '{"a":"ü"}'])
})

describe('a body that is no JSON', () => {
  test.each([
    ['nothing', '', 'the body is empty, send a JSON object'],
    ['blanks', ' \n', 'the body is empty, send a JSON object'],
    ['half an object', '{"a":', 'the body is not valid JSON: it ends too early'],
    ['no more than its beginning', '{', 'the body is not valid JSON: it ends too early'],
    ['a text without its end', '{"a":"b', 'the body is not valid JSON: it ends too early'],
    ['a form', 'a=b', 'the body is not valid JSON'],
    ['a comma too many', '{"password":"hunter2",}', 'the body is not valid JSON: unexpected text at position 22'],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'the body is not valid UTF-8'],
  ])('%s is answered 400', async (_name, payload, detail) => {
    const reply = await testApi().inject({ method: 'POST', url: '/v1/thing', headers: { host }, payload })
    expect(reply.statusCode).toBe(400)
    expect(reply.json<{ detail: string }>().detail).toMatch(detail)
    expect(reply.body).not.toContain('hunter2')
  })

  test('does not matter to a route that needs no body', async () => {
    const headers = { host, 'content-type': 'application/json' }
    const app = testApi()
    expect((await app.inject({ method: 'POST', url: '/v1/order', headers, payload: '' })).statusCode).toBe(200)
    expect((await app.inject({ method: 'POST', url: '/v1/order', headers, payload: 'junk' })).statusCode).toBe(200)
  })
})

test('a body of more than 1 MB is answered 413', async () => {
  const payload = JSON.stringify({ a: 'x'.repeat(1_048_577) })
  const reply = await testApi().inject({ method: 'POST', url: '/v1/thing', headers: { host }, payload })
  expect(reply.json()).toMatchObject({ status: 413, code: 'HTTP_BODY_TOO_LARGE' })
})

test('a client that writes all of a body that is too long before it reads gets the answer, not a broken pipe', async () => {
  const app = testApi()
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  const reply = await fetch(`${address}/v1/thing`, { method: 'POST', body: 'x'.repeat(8_000_000) })
  expect(await reply.json()).toMatchObject({ status: 413, code: 'HTTP_BODY_TOO_LARGE' })
})

test('unknown fields are named in a Warning header that cannot be broken out of', async () => {
  const reply = await testApi().inject({ method: 'POST', url: '/v1/thing', headers: { host }, payload: '{}' })
  expect(reply.headers.warning).toBe(
    '299 - "unknown field odd%22%0D%0AX-Evil: 1 ignored", 299 - "unknown field %D0%BA%D0%BB%D1%8E%D1%87 ignored"',
  )
})

test.each([
  [{ host: 'evil.example' }],
  [{ host, origin: 'https://evil.example' }],
  [{ host, 'sec-fetch-site': 'cross-site' }],
])('a request with %j is answered 403, also where there is no route', async (headers) => {
  const app = testApi()
  for (const url of ['/v1/thing/a', '/v1/none']) {
    const reply = await app.inject({ url, headers })
    expect(reply.json()).toMatchObject({ status: 403, code: 'HTTP_FOREIGN_REQUEST' })
  }
})

test('a name of thousands of characters reaches its route', async () => {
  const name = 'n'.repeat(5_000)
  const reply = await testApi().inject({ url: `/v1/thing/${name}`, headers: { host } })
  expect(reply.json()).toMatchObject({ params: { name } })
})

async function exchange(app: FastifyInstance, request: string): Promise<string> {
  await app.listen({ host: '127.0.0.1', port: 0 })
  const address = app.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const socket = connect(port, '127.0.0.1')
  socket.end(request)
  let text = ''
  for await (const chunk of socket.setEncoding('utf8')) text += chunk
  return text
}

test('bytes that are no HTTP are answered with problem JSON over the socket', async () => {
  const text = await exchange(testApi(), 'HELLO\r\n\r\n')
  expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
  expect(text).toContain('"code":"HTTP_MALFORMED_REQUEST"')
})

test('an unknown method of HTTP on a known path is answered 405', async () => {
  const text = await exchange(testApi(), 'PROPFIND /v1/thing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  expect(text).toMatch(/^HTTP\/1\.1 405 /)
  expect(text).toMatch(/allow: POST/i)
})
