/** Who may call an agent that is reached from other machines. */
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../harness/eventually.ts'
import { freePort } from '../../harness/free-port.ts'
import { startAgent, type TestAgent } from '../../harness/millrace-agent.ts'
import { millrace } from '../../harness/millrace-command.ts'
import { natsServerPath } from '../../harness/nats-server.ts'
import { type TempDir, tempDir } from '../../harness/temp-dir.ts'

const token = 'planted-first-0123456789abcdef'
const nextToken = 'planted-next-0123456789abcdef'

let folder: TempDir
let tokenPath: string
let agent: TestAgent

function writeToken(...tokens: readonly string[]): void {
  writeFileSync(`${tokenPath}.new`, `${tokens.join('\n')}\n`, { mode: 0o600 })
  renameSync(`${tokenPath}.new`, tokenPath)
}

beforeAll(async () => {
  folder = await tempDir('mr-access-')
  tokenPath = join(folder.path, 'api-token')
  writeToken(token)
  const [dkronPort, udupPort] = [await freePort(), await freePort()]
  const wildcards = ['--http-addr', `0.0.0.0:${dkronPort}`, '--udup-addr', `0.0.0.0:${udupPort}`]
  // The advertised host is what other machines would use.
  const args = [...wildcards, '--advertise', '127.0.0.9', '--log-level', 'debug']
  agent = await startAgent({ dkronPort, udupPort, args, apiToken: token, env: { MILLRACE_API_TOKEN_FILE: tokenPath } })
})

afterAll(async () => {
  await agent?.[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

test.each([
  ['GET', '/v1'],
  ['GET', '/v1/jobs'],
  ['GET', '/v1/leave'],
  ['HEAD', '/v1/jobs'],
  ['OPTIONS', '/v1/jobs'],
  ['POST', '/v1/jobs'],
  ['DELETE', '/v1/jobs/x'],
  ['GET', '/nothing'],
  ['GET', '/ops/cluster'],
  ['GET', '/ops/replication-jobs'],
  ['POST', '/ops/connection-check'],
  ['GET', '/udup/v1/jobs'],
  ['GET', '/udup/v1/leave'],
  ['GET', `/v1/jobs?token=${token}`],
  ['GET', `/v1/jobs?access_token=${token}`],
])('%s %s without the right token is refused by both APIs', async (method, path) => {
  for (const url of [agent.dkronUrl, agent.udupUrl])
    for (const headers of [
      {},
      { authorization: `Bearer ${nextToken}` },
      { authorization: `Basic ${btoa(`a:${token}`)}` },
    ]) {
      const answer = await fetch(url + path, { method, headers })
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
      expect(await answer.text()).not.toContain('planted')
    }
})

test('a body of megabytes without a token gets its answer, and nothing is stored', async () => {
  const answer = await fetch(`${agent.dkronUrl}/v1/jobs`, { method: 'POST', body: 'x'.repeat(4_000_000) })
  expect(answer.status).toBe(401)
  expect((await agent.dkron('GET', '/v1/jobs')).json).toEqual([])
})

test('with the token both APIs work, under any name, and not for pages of other sites', async () => {
  expect((await agent.dkron('GET', '/v1/jobs')).status).toBe(200)
  expect((await agent.udup('GET', '/v1/jobs')).status).toBe(200)
  expect((await agent.dkron('GET', '/ops/cluster')).status).toBe(200)
  expect((await agent.dkron('GET', '/nothing')).status).toBe(404)
  expect((await agent.dkron('GET', '/v1/jobs', undefined, { origin: 'http://evil.example' })).status).toBe(403)
})

test('members show the host under which others reach an agent that listens everywhere', async () => {
  const { json } = await agent.dkron('GET', '/v1/members')
  expect(json).toMatchObject([{ Addr: '127.0.0.9' }])
})

test('the commands take the token from a file, and say what is missing', async () => {
  const address = ['--address', agent.dkronUrl]
  const withFlag = await millrace(['jobs', ...address, '--token-file', tokenPath])
  expect(withFlag).toMatchObject({ status: 0, text: expect.stringContaining('no jobs yet') })
  expect((await millrace(['members', ...address], { MILLRACE_TOKEN_FILE: tokenPath })).status).toBe(0)
  const without = await millrace(['jobs', ...address])
  expect(without.status).toBe(1)
  expect(without.text).toContain('asks for a token; name a file that holds it with --token-file or MILLRACE_TOKEN_FILE')
  writeFileSync(join(folder.path, 'other'), nextToken)
  const wrong = await millrace(['jobs', ...address, '--token-file', join(folder.path, 'other')])
  expect(wrong.status).toBe(1)
  expect(wrong.text).toContain('refuses the token of --token-file')
})

test("a job's command is told nothing of the token", async () => {
  const job = { name: 'look', schedule: '@manually', command: 'env; cat /proc/self/environ', shell: true }
  expect((await agent.dkron('POST', '/v1/jobs', job)).status).toBe(201)
  await agent.dkron('POST', '/v1/jobs/look')
  const executions = await eventually(async () => {
    const { json } = await agent.dkron('GET', '/v1/executions/look')
    const ended = (json as { finished_at: string | null; output: string }[]).filter((one) => one.finished_at !== null)
    return ended.length > 0 ? ended : undefined
  }, 20_000)
  expect(executions[0]?.output).toContain('PATH=')
  expect(executions[0]?.output).not.toMatch(/MILLRACE_API|planted|api-token/)
})

test('tokens are changed without a restart: both count for a while, then the new one alone', async () => {
  const status = async (shown: string) =>
    (await fetch(`${agent.dkronUrl}/v1`, { headers: { authorization: `Bearer ${shown}` } })).status
  writeToken(token, nextToken)
  await eventually(async () => (await status(nextToken)) === 200, 10_000)
  expect(await status(token)).toBe(200)
  writeToken(nextToken)
  await eventually(async () => (await status(token)) === 401, 10_000)
  writeToken('')
  await eventually(() => agent.log().includes('those read before stay valid'), 10_000)
  expect(await status(nextToken)).toBe(200)
  writeToken(token)
  await eventually(async () => (await status(token)) === 200, 10_000)
})

test('no token was ever logged', () => {
  expect(agent.log()).toContain('request answered')
  expect(agent.log()).not.toContain('planted')
})

describe('an agent does not start', () => {
  async function start(...more: readonly string[]) {
    const local = async () => `127.0.0.1:${await freePort()}`
    const flags = ['--data-dir', join(folder.path, 'data'), '--nats-server', natsServerPath()]
    const addresses = ['--http-addr', await local(), '--udup-addr', await local(), '--nats-addr', await local()]
    return millrace(['agent', ...flags, ...addresses, ...more])
  }

  test('on an address that others reach without asking who calls, and names both cures', async () => {
    for (const flag of ['--http-addr', '--udup-addr']) {
      const ended = await start(flag, `0.0.0.0:${await freePort()}`)
      expect(ended.status).toBe(1)
      expect(ended.text).toMatch(new RegExp(`${flag} 0\\.0\\.0\\.0:.*--api-token-file.*--insecure`))
    }
  })

  test.each([
    ['missing', null],
    ['empty', ''],
    ['short', 'planted-short'],
    ['no token', 'planted but with blanks'],
  ])('with a token file that is %s', async (name, content) => {
    const path = join(folder.path, `token-${name}`)
    if (content !== null) writeFileSync(path, content, { mode: 0o600 })
    const ended = await start('--api-token-file', path)
    expect(ended.status).toBe(1)
    expect(ended.text).toContain(`--api-token-file ${path}`)
    expect(ended.text).not.toContain('planted-')
  })
})
