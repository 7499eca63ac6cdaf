import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { eventually } from '../../../test/harness/eventually.ts'
import { silentLog } from '../../core/log.ts'
import { createApi } from './create-api.ts'
import { answer } from './json-answer.ts'
import { answerList } from './json-list.ts'

const guard = { boundAddress: '127.0.0.1', names: [] }

function itemsOf(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index)
}

const shown = (index: number) => ({ name: `jöb "${index}"\n,\n]`, tags: {}, list: [index, { deep: [] }], none: null })

test.each([0, 1, 64, 65, 128, 1_000].flatMap((count) => ['GET', 'HEAD'].map((method) => [method, count] as const)))(
  '%s of %i items has the bytes and the headers of one answer',
  async (method, count) => {
    const app = createApi({ nodeName: 'node-1', guard, log: silentLog })
    onTestFinished(() => app.close())
    app.get('/whole', (request, reply) => answer(request, reply, 200, itemsOf(count).map(shown)))
    app.get('/list', (request, reply) => answerList(request, reply, itemsOf(count), shown))
    for (const query of ['', '?pretty', '?pretty=false']) {
      const ask = async (path: string) => {
        const reply = await app.inject({
          method: method as 'GET',
          url: `${path}${query}`,
          headers: { host: 'localhost' },
        })
        const { date: _, ...headers } = reply.headers
        return {
          status: reply.statusCode,
          headers: { ...headers, 'content-length': String(headers['content-length']) },
          body: reply.body,
        }
      }
      const list = await ask('/list')
      expect(list).toEqual(await ask('/whole'))
      expect(list.headers).toMatchObject({ 'x-whom': 'node-1', 'content-type': 'application/json; charset=UTF-8' })
    }
  },
)

test('an item that cannot be shown is an error before anything is sent', async () => {
  const app = createApi({ nodeName: 'node-1', guard, log: silentLog })
  onTestFinished(() => app.close())
  app.get('/list', (request, reply) =>
    answerList(request, reply, itemsOf(1_000), (index) => {
      if (index === 999) throw new Error('planted')
      return index
    }),
  )
  const reply = await app.inject({ url: '/list', headers: { host: 'localhost' } })
  expect([reply.statusCode, reply.headers['content-type']]).toEqual([500, 'application/problem+json; charset=UTF-8'])
})

test('others have their turn meanwhile, and a client that goes away ends it', async () => {
  const app = createApi({ nodeName: 'node-1', guard, log: silentLog })
  onTestFinished(() => app.close())
  const count = 100_000
  let asked = 0
  let isOver = false
  app.get('/list', async (request, reply) => {
    await answerList(request, reply, itemsOf(count), (index) => {
      asked += 1
      if (index === 0) client.destroy()
      for (const endsAt = performance.now() + 0.05; performance.now() < endsAt; );
      return index
    }).finally(() => {
      isOver = true
    })
    return reply
  })
  const url = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
  const client = connect(Number(url.port), '127.0.0.1')
  client.write('GET /list HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await eventually(async () => isOver || undefined, 20_000)
  expect(asked).toBeGreaterThan(0)
  expect(asked).toBeLessThan(count / 2)
})
