/** What keeps an agent from starting has its own message, with the cure. */
import { chmodSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { freePort } from '../harness/free-port.ts'
import { startAgent } from '../harness/millrace-agent.ts'
import { millrace } from '../harness/millrace-command.ts'
import { natsServerPath } from '../harness/nats-server.ts'
import { tempDir } from '../harness/temp-dir.ts'

async function flags(dataDir: string): Promise<readonly string[]> {
  const address = async () => `127.0.0.1:${await freePort()}`
  return [
    ...['agent', '--data-dir', dataDir, '--nats-server', natsServerPath()],
    ...['--http-addr', await address(), '--udup-addr', await address(), '--nats-addr', await address()],
  ]
}

describe('an agent does not start, and says why and what to do,', () => {
  test('when another agent uses the data directory', async () => {
    await using agent = await startAgent()
    const ended = await millrace([...(await flags(agent.dataDir))])
    expect(ended.status).toBe(1)
    expect(ended.text).toContain(agent.dataDir)
    expect(ended.text).toContain(String(agent.pid))
    expect(ended.text).toContain('--data-dir')
  })

  test('when a port of an API is taken', async () => {
    await using folder = await tempDir()
    const port = await freePort()
    const holder = createServer().listen(port, '127.0.0.1')
    const ended = await millrace([...(await flags(join(folder.path, 'data'))), '--udup-addr', `127.0.0.1:${port}`])
    holder.close()
    expect(ended.status).toBe(1)
    expect(ended.text).toContain(`127.0.0.1:${port}`)
    expect(ended.text).toContain('--udup-addr')
  })

  test("when the NATS server's port is taken", async () => {
    await using folder = await tempDir()
    const port = await freePort()
    const holder = createServer().listen(port, '127.0.0.1')
    const ended = await millrace([...(await flags(join(folder.path, 'data'))), '--nats-addr', `127.0.0.1:${port}`])
    holder.close()
    expect(ended.status).toBe(1)
    expect(ended.text).toContain(`127.0.0.1:${port}`)
    expect(ended.text).toContain('--nats-addr')
  })

  test('when there is no NATS server where the flag says', async () => {
    await using folder = await tempDir()
    const ended = await millrace([
      ...(await flags(join(folder.path, 'data'))),
      '--nats-server',
      join(folder.path, 'none'),
    ])
    expect(ended.status).toBe(1)
    expect(ended.text).toContain(join(folder.path, 'none'))
    expect(ended.text).toMatch(/npm run setup|--nats-server/)
  })

  test('when the NATS server is too old', async () => {
    await using folder = await tempDir()
    const old = join(folder.path, 'nats-server')
    writeFileSync(old, '#!/bin/sh\necho "nats-server: v2.9.10"\n')
    chmodSync(old, 0o755)
    const ended = await millrace([...(await flags(join(folder.path, 'data'))), '--nats-server', old])
    expect(ended.status).toBe(1)
    expect(ended.text).toContain('2.9.10')
    expect(ended.text).toContain('2.10.23')
  })

  test('when the data directory cannot be made', async () => {
    await using folder = await tempDir()
    writeFileSync(join(folder.path, 'file'), '')
    const ended = await millrace([...(await flags(join(folder.path, 'file', 'data')))])
    expect(ended.status).toBe(1)
    expect(ended.text).toContain(join(folder.path, 'file', 'data'))
    expect(ended.text).toContain('--data-dir')
  })

  test('when it is told to join what is no address', async () => {
    await using folder = await tempDir()
    const ended = await millrace([...(await flags(join(folder.path, 'data'))), '--join', '127.0.0.1'])
    expect(ended.status).toBe(2)
    expect(ended.text).toMatch(/--join: "127\.0\.0\.1" .*HOST:PORT/)
  })

  test('when settings are wrong: every one is named', async () => {
    const ended = await millrace(['agent', '--http-addr', 'nonsense', '--leave-timeout', 'soon', '--log-level', 'loud'])
    expect(ended.status).toBe(2)
    for (const text of ['--http-addr', 'nonsense', '--leave-timeout', 'soon', '--log-level', 'loud'])
      expect(ended.text).toContain(text)
  })
})

describe('the command line', () => {
  test('prints the next fire times as JSON', async () => {
    const ended = await millrace([
      'schedule',
      'next',
      '0 30 2 * * *',
      '--zone',
      'Europe/Berlin',
      '--from',
      '2026-03-28T12:00:00Z',
      '--count',
      '2',
      '--json',
    ])
    expect(ended.status).toBe(0)
    expect(JSON.parse(ended.text)).toEqual(['2026-03-29T03:00:00+02:00', '2026-03-30T02:30:00+02:00'])
  })

  test('ends with status 2 for a schedule that it cannot read', async () => {
    const ended = await millrace(['schedule', 'next', '* * * * * * *'])
    expect(ended.status).toBe(2)
    expect(ended.text).not.toContain('    at ')
  })

  test('tells how to start an agent when none answers', async () => {
    const ended = await millrace(['jobs', '--address', `127.0.0.1:${await freePort()}`])
    expect(ended.status).toBe(1)
    expect(ended.text).toContain('millrace agent')
  })

  test('shows the jobs, members and executions of a running agent', async () => {
    await using agent = await startAgent()
    const address = `127.0.0.1:${agent.dkronPort}`
    await agent.dkron('POST', '/v1/jobs', { name: 'shown', schedule: '@manually', command: 'echo seen' })
    expect((await millrace(['jobs', '--address', address])).text).toContain('shown')
    expect((await millrace(['members', '--address', address, '--json'])).status).toBe(0)
    expect((await millrace(['run', 'shown', '--address', address])).status).toBe(0)
    expect((await millrace(['run', 'absent', '--address', address])).status).toBe(1)
    expect((await millrace(['executions', 'shown', '--address', address])).status).toBe(0)
  })
})
