/** Commands against an agent's answers: what is asked, what is printed, and the exit status. */
import { createServer, type IncomingMessage } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { runProgram } from './program.ts'

interface Asked {
  readonly method: string
  readonly path: string
  readonly body: string
}

type Reply = readonly [status: number, body: unknown]

async function agent(answer: (asked: Asked) => Reply) {
  const asked: Asked[] = []
  const server = createServer(async (request: IncomingMessage, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const call = { method: request.method ?? '', path: request.url ?? '', body }
    asked.push(call)
    const [status, json] = answer(call)
    response.writeHead(status).end(JSON.stringify(json))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const bound = server.address()
  return { asked, address: `127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}` }
}

async function run(argv: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const [out, err]: [string[], string[]] = [[], []]
  const status = await runProgram(argv, {
    version: '0',
    runAgent: async () => {},
    print: (text) => out.push(text),
    printError: (text) => err.push(text),
    environment,
    readInput: async () => 'name: typed\ncommand: x\n',
  })
  return { status, out: out.join('\n'), err: err.join('\n') }
}

const notFound: Reply = [404, { detail: 'there is no job "nigthly"' }]
const listed = (name: string) => ({
  name,
  schedule: '@daily',
  disabled: false,
  tags: { role: 'web' },
  next_at: '2026-01-02T00:00:00.000Z',
  last_at: null,
  success_count: 1,
  error_count: 2,
  running: 0,
  status: 'failing',
})

test('a long list of jobs is asked for page by page, up to the limit', async () => {
  const names = Array.from({ length: 1_200 }, (_, index) => `job-${index}`)
  const { address, asked } = await agent(({ path }) => {
    const query = new URL(path, 'http://x').searchParams
    const offset = Number(query.get('offset'))
    const page = names.slice(offset, offset + Number(query.get('limit')))
    return [200, { total: 1_200, matched: 1_200, jobs: page.map(listed) }]
  })
  const { out } = await run(['jobs', '--limit', '1100', '--sort', 'failures', '--desc', '--address', address])
  const queries = asked.map(({ path }) => new URL(path, 'http://x').searchParams)
  expect(queries.map((query) => query.get('offset'))).toEqual(['0', '500', '1000'])
  expect(queries.map((query) => `${query.get('sort')} ${query.get('order')}`)[0]).toBe('failures desc')
  expect(out.split('\n')).toHaveLength(1_101)
  expect(out).toMatch(/^job-0 +failing +@daily +2026-01-02 00:00:00 +- +1 +2 +role=web$/m)
})

test('a name that is not there is answered with the nearest one', async () => {
  const { address } = await agent(({ path }) =>
    path.startsWith('/ops/') ? [200, { total: 2, matched: 2, jobs: [listed('weekly'), listed('nightly')] }] : notFound,
  )
  for (const command of [['job', 'show'], ['job', 'rm'], ['job', 'run'], ['run'], ['executions'], ['job', 'stop']]) {
    const ended = await run([...command, 'nigthly', '--address', address])
    expect([ended.status, ended.out, ended.err]).toEqual([
      1,
      '',
      'millrace: there is no job "nigthly"; did you mean "nightly"?',
    ])
  }
})

test('of several names one that fails does not keep the others from being done', async () => {
  const { address, asked } = await agent(({ path }) =>
    path.startsWith('/v1/jobs/b') ? notFound : [200, { name: 'x', jobs: [] }],
  )
  const ended = await run(['job', 'rm', 'a', 'b', 'c', 'a', '--address', address, '--json'])
  expect([ended.status, JSON.parse(ended.out)]).toEqual([1, [expect.anything(), expect.anything()]])
  expect(ended.err).toContain('there is no job')
  const deleted = asked.filter(({ method }) => method === 'DELETE').map(({ path }) => path)
  expect(deleted).toEqual(['/v1/jobs/a?pretty', '/v1/jobs/b?pretty', '/v1/jobs/c?pretty'])
})

test('what is so already is not written again', async () => {
  const { address, asked } = await agent(() => [200, { name: 'a', disabled: true }])
  expect((await run(['job', 'disable', 'a', '--address', address])).out).toBe('a is disabled already')
  expect(asked.map(({ method }) => method)).toEqual(['GET'])
  await run(['job', 'enable', 'a', '--address', address])
  expect(asked.at(-1)).toMatchObject({ method: 'POST', body: '{"name":"a","disabled":false}' })
})

test('of several addresses the first that answers is asked, and the others when it is not ready', async () => {
  const waiting = await agent(() => [503, { detail: 'it waits for its cluster' }])
  const ready = await agent(() => [200, []])
  const environment = { MILLRACE_ADDRESS: `127.0.0.1:1, ${waiting.address},${ready.address}` }
  expect((await run(['members'], environment)).status).toBe(0)
  expect([waiting.asked.length, ready.asked.length]).toEqual([1, 1])
  const order = await run(['run', 'a'], environment)
  expect([order.status, order.err]).toEqual([1, 'millrace: it waits for its cluster'])
  expect(ready.asked).toHaveLength(1)
  const none = await run(['members', '--address', '127.0.0.1:1,127.0.0.1:2'])
  expect([none.status, none.err]).toEqual([1, expect.stringMatching(/127\.0\.0\.1:1 \(.*127\.0\.0\.1:2 \(.*--address/)])
})

test('an order that got no answer is not sent to another agent', async () => {
  const server = createServer((request) => request.socket.destroy())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const bound = server.address()
  const breaking = `127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`
  const other = await agent(() => [200, []])
  const ended = await run(['run', 'a', '--address', `${breaking},${other.address}`])
  expect([ended.status, ended.err]).toEqual([1, expect.stringContaining('look whether it was carried out')])
  expect(other.asked).toEqual([])
  expect((await run(['members', '--address', `${breaking},${other.address}`])).status).toBe(0)
})

test('fields that the agent refuses are told one by one, with exit status 2', async () => {
  const errors = [
    { field: 'schedule', value: 'x', message: 'is none' },
    { field: 'retries', value: -1, message: 'must be at least 0' },
  ]
  const { address, asked } = await agent(() => [422, { detail: 'x', errors }])
  const ended = await run(['job', 'apply', '-f', '-', '--address', address])
  expect([ended.status, ended.out]).toEqual([2, ''])
  expect(ended.err.split('\n')).toEqual([
    'millrace: standard input: schedule: is none',
    'millrace: standard input: retries: must be at least 0',
    'millrace: nothing was written',
  ])
  expect(asked.map(({ path }) => path)).toEqual(['/v1/check/job'])
})

test('a field that does not exist is refused with the one that may have been meant', async () => {
  const { address } = await agent(() => [
    200,
    { exists: false, unknown: ['retires'], stored: null, job: { name: 'typed', retries: 0 } },
  ])
  const ended = await run(['job', 'apply', '-f', '-', '--address', address])
  expect([ended.status, ended.err]).toEqual([2, expect.stringContaining('no field retires (did you mean retries?)')])
})

test('an agent is told to leave at whichever of the addresses it is', async () => {
  const [a, b] = [
    await agent(() => [200, { agent: { name: 'a' } }]),
    await agent(() => [200, { agent: { name: 'b' } }]),
  ]
  const ended = await run(['leave', 'b', '--address', `${a.address},${b.address}`])
  expect(ended.status).toBe(0)
  expect(a.asked.map(({ path }) => path)).toEqual(['/v1'])
  expect(b.asked.map(({ path }) => path)).toEqual(['/v1', '/v1/leave?pretty'])
})

test("an agent's own words cannot move the cursor", async () => {
  const { address } = await agent(() => [409, { detail: 'line 1\u001b[2J\nline 2' }])
  expect((await run(['run', 'a', '--address', address])).err).toBe('millrace: line 1·[2J\nline 2')
})

test('what answers and is no agent is told so', async () => {
  const server = createServer((_request, response) => response.end('<html>'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const bound = server.address()
  const address = `127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`
  expect((await run(['members', '--address', address])).err).toContain('is no Millrace agent')
  expect((await run(['members', '--address', 'not an address'])).err).toContain('is no address; give HOST:PORT')
})

test('a misspelt command, flag or choice is a wrong call, with what may have been meant', async () => {
  expect(await run(['jbos'])).toMatchObject({ status: 2, err: expect.stringContaining('Did you mean jobs?') })
  expect(await run(['job', 'shwo', 'x'])).toMatchObject({
    status: 2,
    err: expect.stringContaining('Did you mean show?'),
  })
  expect(await run(['jobs', '--statsu', 'x'])).toMatchObject({
    status: 2,
    err: expect.stringContaining('Did you mean --status?'),
  })
  for (const argv of [['jobs', '--status', 'odd'], ['jobs', '--limit', '0'], ['job'], ['job', 'rm'], ['apply']])
    expect((await run(argv)).status, argv.join(' ')).toBe(2)
})

test.each(['', ' ', '.', '..'])('%j is no name, and no agent is asked', async (name) => {
  const { address, asked } = await agent(() => [200, {}])
  const commands = {
    'millrace jobs': [
      'job show',
      'job rm',
      'job rm a',
      'job enable',
      'job run',
      'run',
      'job stop',
      'executions',
      'logs',
    ],
    'millrace replications': ['replication show', 'replication stats', 'replication pause'],
    'millrace members': ['leave'],
  }
  for (const [list, usages] of Object.entries(commands)) {
    for (const usage of usages) {
      const ended = await run([...usage.split(' '), name, '--address', address])
      expect([ended.status, ended.out], usage).toEqual([2, ''])
      expect(ended.err).toMatch(/^millrace: (JOB|REPLICATION|NODE) is .*; give one that "(.*)" lists$/)
      expect(ended.err).toContain(list)
    }
  }
  expect(asked).toEqual([])
})

test.each([
  [['--address', ''], 'names no address; give HOST:PORT'],
  [['--address', 'http://[::1'], 'is no address; give HOST:PORT'],
  [['--address', '127.0.0.1:1,127.0.0.1:99999'], '127.0.0.1:99999 is no address'],
  [['--token-file', '/nowhere/token'], 'cannot be read (ENOENT'],
  [['--token-file', '/'], 'name a file that this account can read'],
])('%j is a wrong call, and its cure is told', async (flags, told) => {
  const ended = await run(['jobs', ...flags])
  expect([ended.status, ended.out, ended.err]).toEqual([2, '', expect.stringContaining(told)])
})

test('of a job that has not run the logs are nothing, and a sentence on standard error only for people', async () => {
  const { address } = await agent(() => [200, { fires: [] }])
  expect(await run(['logs', 'a', '--address', address])).toEqual({ status: 0, out: '', err: 'a has not run yet' })
  expect(await run(['logs', 'a', '--json', '--address', address])).toEqual({ status: 0, out: '', err: '' })
})

test('jobs as JSON are asked for without indentation, and few of many one by one', async () => {
  const names = ['a', 'gone', 'c']
  const serve = (total: number) =>
    agent(({ path }) => {
      if (path === '/v1/jobs') return [200, names.map((name) => ({ name, retries: 1 }))]
      if (path === '/v1/jobs/gone') return [404, { detail: 'there is no job "gone"' }]
      if (path.startsWith('/v1/')) return [200, { name: path.slice('/v1/jobs/'.length), retries: 1 }]
      return [200, { total, matched: 3, jobs: names.map(listed) }]
    })
  const whole = await serve(3)
  const printed = await run(['jobs', '--json', '--address', whole.address])
  expect(printed.out).toBe(
    JSON.stringify(
      names.map((name) => ({ name, retries: 1 })),
      null,
      2,
    ),
  )
  await run(['jobs', '--json', '--search', 'x', '--address', whole.address])
  expect(whole.asked.map(({ path }) => path)).toEqual(['/v1/jobs', expect.stringMatching('^/ops/'), '/v1/jobs'])
  const many = await serve(100_000)
  const few = await run(['jobs', '--json', '--search', 'x', '--address', many.address])
  expect(JSON.parse(few.out)).toEqual(['a', 'c'].map((name) => ({ name, retries: 1 })))
  expect(many.asked.map(({ path }) => path).slice(1)).toEqual(['/v1/jobs/a', '/v1/jobs/gone', '/v1/jobs/c'])
})
