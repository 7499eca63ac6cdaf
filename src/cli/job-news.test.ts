import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { ApiClient } from './api-client.ts'
import { isAbout, JobNews } from './job-news.ts'

const items = [{ job: 'other' }, { job: 'mine' }]

test.each([
  [{ event: 'hello', data: {} }, true],
  [{ event: 'executions', data: { items, more: false } }, true],
  [{ event: 'executions', data: { items: [{ job: 'other' }], more: false } }, false],
  [{ event: 'executions', data: { items: [{ job: 'other' }], more: true } }, true],
  [{ event: 'scheduled-jobs', data: { names: ['other', 'mine'], more: false } }, true],
  [{ event: 'scheduled-jobs', data: { names: ['other'], more: false } }, false],
  [{ event: 'scheduled-jobs', data: { names: ['other'], more: true } }, true],
  [{ event: 'cluster', data: {} }, false],
])('%j is news of the job: %s', (event, isNews) => {
  expect(isAbout(event, 'mine')).toBe(isNews)
})

test('who waits for news is let go when nobody listens any more', { timeout: 5_000 }, async () => {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('event: hello\ndata: {}\n\n')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  const news = new JobNews(new ApiClient(`127.0.0.1:${port}`), 'mine')
  await news.next()
  const waiting = news.next()
  expect(await Promise.race([waiting.then(() => 'news'), sleep(100, 'waits')])).toBe('waits')
  await news[Symbol.asyncDispose]()
  await waiting
})
