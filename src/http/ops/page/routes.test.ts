import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { expect, onTestFinished, test } from 'vitest'
import { silentLog } from '../../../core/log.ts'
import { createApi } from '../../shared/create-api.ts'
import { PageFiles } from './page-files.ts'
import { registerPage } from './routes.ts'

const page = '<!doctype html><title>the page</title>'
const script = 'console.log("a script that is long enough to be worth it")'.repeat(20)

/** A folder with a page in it, and a secret beside it. */
function builtPage(files: Readonly<Record<string, string | Buffer>> = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'page-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const all = {
    'web/index.html': page,
    'web/assets/a-1.js': script,
    'web/icon.svg': '<svg/>',
    secret: 'secret',
    ...files,
  }
  for (const [name, contents] of Object.entries(all)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), contents)
  }
  return join(root, 'web')
}

function apiWith(folder: string, tokens?: { isKnown(token: string): boolean }): FastifyInstance {
  const app = createApi({ nodeName: 'n1', guard: { boundAddress: '127.0.0.1', names: [] }, tokens, log: silentLog })
  onTestFinished(() => app.close())
  registerPage(app, new PageFiles(folder))
  app.get('/ops/cluster', async () => 'data')
  return app
}

const host = 'localhost:8080'
const browser = { host, accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

test('a browser is led from / to the page; anybody else is told that there is nothing', async () => {
  const app = apiWith(builtPage())
  const led = await app.inject({ url: '/', headers: browser })
  expect([led.statusCode, led.headers.location]).toEqual([302, '/ui/'])
  for (const accept of [undefined, '*/*', 'application/json']) {
    const other = await app.inject({ url: '/', headers: accept === undefined ? { host } : { host, accept } })
    expect([other.statusCode, other.json().code]).toEqual([404, 'HTTP_UNKNOWN_PATH'])
  }
})

test.each(['/ui', '/ui/', '/ui/jobs', '/ui/jobs/my.job', '/ui/jobs/a%2Fb/edit', '/ui/replications/x?tab=1'])(
  'at %s stands the page, asked for anew each time',
  async (url) => {
    const reply = await apiWith(builtPage()).inject({ url, headers: browser })
    expect([reply.statusCode, reply.body]).toEqual([200, page])
    expect(reply.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(reply.headers['cache-control']).toBe('no-cache')
  },
)

test('every file of the page comes with the headers that keep others out of it', async () => {
  const app = apiWith(builtPage())
  for (const url of ['/ui/', '/ui/assets/a-1.js', '/ui/icon.svg']) {
    const { headers } = await app.inject({ url, headers: browser })
    expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'; style-src 'self';")
    expect(headers['content-security-policy']).not.toContain('unsafe')
    expect(headers).toMatchObject({
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    })
  }
})

test('a file with a hash in its name is kept for good, and sent compressed to whoever takes it', async () => {
  const zipped = gzipSync(script)
  const app = apiWith(builtPage({ 'web/assets/a-1.js.gz': zipped }))
  const url = '/ui/assets/a-1.js'
  const plain = await app.inject({ url, headers: { host } })
  const small = await app.inject({ url, headers: { host, 'accept-encoding': 'gzip, br' } })
  expect([plain.body, plain.headers['content-encoding']]).toEqual([script, undefined])
  expect(plain.headers['cache-control']).toBe('public, max-age=31536000, immutable')
  expect(gunzipSync(small.rawPayload).toString()).toBe(script)
  expect(small.headers).toMatchObject({
    'content-encoding': 'gzip',
    'content-type': 'text/javascript; charset=utf-8',
    vary: 'accept-encoding',
  })
  expect(small.headers.etag).not.toBe(plain.headers.etag)
})

test('what the browser has already is not sent again', async () => {
  const app = apiWith(builtPage())
  const { etag } = (await app.inject({ url: '/ui/', headers: browser })).headers
  const again = await app.inject({ url: '/ui/', headers: { ...browser, 'if-none-match': `"x", W/${etag}` } })
  expect([again.statusCode, again.body]).toEqual([304, ''])
})

test.each([
  '/ui/../secret',
  '/ui/..%2fsecret',
  '/ui/%2e%2e/secret',
  '/ui/assets/..%2f..%2fsecret',
  '/ui/..\\secret',
  '/ui/%2fetc%2fpasswd',
  '/ui//etc/passwd',
  '/ui/assets/%00',
  '/ui/assets/../index.html',
])('%s leads to nothing outside the page', async (url) => {
  const reply = await apiWith(builtPage()).inject({ url, headers: browser })
  expect([page, '{"type":"abo']).toContain(reply.body.startsWith('{') ? reply.body.slice(0, 12) : reply.body)
  expect(reply.body).not.toContain('secret\n')
  expect(reply.body).not.toContain('root:')
})

test('a script that is not there is no page, for a browser would run it', async () => {
  const reply = await apiWith(builtPage()).inject({ url: '/ui/assets/old-1.js', headers: { host, accept: '*/*' } })
  expect([reply.statusCode, reply.json().code]).toEqual([404, 'HTTP_UNKNOWN_PATH'])
})

test('the page needs no token, what it shows does', async () => {
  const app = apiWith(builtPage(), { isKnown: () => false })
  for (const url of ['/ui/', '/ui/assets/a-1.js'])
    expect((await app.inject({ url, headers: { ...browser, host: 'any.example' } })).statusCode).toBe(200)
  expect((await app.inject({ url: '/ops/cluster', headers: browser })).statusCode).toBe(401)
})

test('a link on another site leads to the page, but not under a name that is not ours', async () => {
  const app = apiWith(builtPage())
  const cross = { ...browser, 'sec-fetch-site': 'cross-site' }
  expect((await app.inject({ url: '/ui/jobs', headers: cross })).statusCode).toBe(200)
  expect((await app.inject({ url: '/ops/cluster', headers: cross })).statusCode).toBe(403)
  expect((await app.inject({ url: '/ui/', headers: { ...browser, host: 'evil.example' } })).statusCode).toBe(403)
})

test('where no page is built a browser is told how to build it, and finds it once it is', async () => {
  const folder = builtPage()
  const app = apiWith(folder)
  rmSync(join(folder, 'index.html'))
  const without = await app.inject({ url: '/ui/', headers: browser })
  expect([without.statusCode, without.headers['content-type']]).toEqual([503, 'text/html; charset=utf-8'])
  expect(without.body).toContain('npm run build:web')
  writeFileSync(join(folder, 'index.html'), 'a new page')
  utimesSync(join(folder, 'index.html'), 1_000, 1_000)
  expect((await app.inject({ url: '/ui/', headers: browser })).body).toBe('a new page')
})
