import { createServer } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { ApiClient } from './api-client.ts'
import { listExecutions } from './executions.ts'

const answer = '[{"id":"a","group":1795334810801580643,"output":"x"}]'

async function clientOf(body: string): Promise<{ client: ApiClient; asked: string[] }> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.end(`${body}\n`)
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { client: new ApiClient(`127.0.0.1:${port}`), asked }
}

test('--json prints the answer as it came: a group is longer than a double', async () => {
  const { client, asked } = await clientOf(answer)
  expect(await listExecutions(client, 'größe 1', true)).toBe(answer)
  expect(asked).toEqual(['/v1/executions/gr%C3%B6%C3%9Fe%201?pretty'])
})
