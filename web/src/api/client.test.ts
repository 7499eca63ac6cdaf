import { afterEach, expect, test, vi } from 'vitest'
import { api } from './client.ts'
import { giveToken, tokenQuestion } from './token.ts'

afterEach(() => vi.unstubAllGlobals())

/** Answers as an agent would that asks for the token `right`. */
function agentWithToken() {
  const seen: { url: string; init: RequestInit | undefined }[] = []
  vi.stubGlobal('fetch', async (url: string, init?: RequestInit) => {
    seen.push({ url, init })
    const { authorization } = (init?.headers ?? {}) as Record<string, string>
    if (authorization === 'Bearer right') return Response.json({ url })
    return Response.json({ detail: 'this agent asks for a token', code: 'HTTP_UNAUTHORIZED' }, { status: 401 })
  })
  return seen
}

test('requests that meet an agent with a token wait for it, and ask the user once', async () => {
  const seen = agentWithToken()
  const answers = Promise.all([api.get('/a'), api.get('/b')])
  await vi.waitFor(() => expect(tokenQuestion.value).toBe('this agent asks for a token'))
  await vi.waitFor(() => expect(seen).toHaveLength(2))
  giveToken('wrong')
  await vi.waitFor(() => expect(seen).toHaveLength(4))
  await vi.waitFor(() => expect(tokenQuestion.value).not.toBeNull())
  giveToken('right')
  expect(await answers).toEqual([{ url: '/a' }, { url: '/b' }])
  expect(tokenQuestion.value).toBeNull()
})

test('a body goes out as JSON, and an empty answer is undefined', async () => {
  let sent: RequestInit | undefined
  vi.stubGlobal('fetch', async (_url: string, init: RequestInit) => {
    sent = init
    return new Response('')
  })
  expect(await api.send('POST', '/v1/jobs', { name: 'a' })).toBeUndefined()
  expect(sent).toMatchObject({ method: 'POST', body: '{"name":"a"}' })
})

test('no answer, and one that is no JSON, are told as such', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')))
  await expect(api.get('/a')).rejects.toMatchObject({ status: 0, code: 'NO_ANSWER' })
  vi.stubGlobal('fetch', async () => new Response('<html>'))
  await expect(api.get('/a')).rejects.toMatchObject({ code: 'NO_JSON' })
})
