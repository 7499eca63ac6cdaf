/** Real child processes against things that are no MySQL server. */
import { writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test, vi } from 'vitest'
import { freePort } from '../../../test/harness/free-port.ts'
import { tempDir } from '../../../test/harness/temp-dir.ts'
import type { CheckRequest } from './check-result.ts'
import { ForkedChecks } from './forked-checks.ts'

// Each check starts a process, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 })

const planted = 'Planted-7734'
const entryPath = fileURLToPath(new URL('../../agent/connection-check-main.ts', import.meta.url))

function checks(withinMs = 10_000): ForkedChecks {
  const made = new ForkedChecks({ entryPath, environment: process.env, withinMs })
  onTestFinished(() => made.close())
  return made
}

function requestTo(port: number, host = '127.0.0.1'): CheckRequest {
  const server = { host, port, user: 'u', password: planted }
  return { role: 'source', server, include: [], exclude: [], skipsCreation: false }
}

async function answering(greet: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    greet(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

test('nobody listens: refused', async () => {
  const port = await freePort()
  const found = await checks().check(requestTo(port))
  expect(found).toMatchObject({ isReachable: false, failure: { kind: 'refused' }, findings: [], schemas: [] })
  expect(found.failure?.text).toContain(`127.0.0.1:${port}`)
  expect(JSON.stringify(found)).not.toContain(planted)
})

test('a name that nobody knows is told as such', async () => {
  const { failure } = await checks().check(requestTo(3306, 'no-such-host.invalid'))
  expect(failure).toMatchObject({ kind: 'unknown-host', text: expect.stringContaining('no-such-host.invalid:3306') })
})

const hello = Buffer.from('SSH-2.0-OpenSSH_9.2p1 Debian\r\n')

test.each<[string, (socket: Socket) => void, string]>([
  ['the greeting of another protocol', (socket) => void socket.write(hello), 'no-mysql'],
  ['a stream of zeros, which the driver cannot take', (socket) => void socket.write(Buffer.alloc(100_000)), 'no-mysql'],
  ['silence', () => undefined, 'too-slow'],
  ['a connection that ends at once', (socket) => void socket.end(), 'lost'],
])('%s is told, within the time, and harms nobody', async (_name, greet, kind) => {
  const port = await answering(greet)
  const { failure, isReachable } = await checks(4_000).check(requestTo(port))
  expect([failure?.kind === 'unsupported' ? 'no-mysql' : failure?.kind, isReachable]).toEqual([kind, false])
})

test('a process that hangs is killed when the time is over', async () => {
  const folder = await tempDir('mr-check-')
  onTestFinished(() => folder[Symbol.asyncDispose]())
  const hanging = join(folder.path, 'hanging.mjs')
  writeFileSync(hanging, 'process.on("message", () => { for (;;); })')
  const made = new ForkedChecks({ entryPath: hanging, environment: process.env, withinMs: 2_000 })
  const { failure } = await made.check(requestTo(3306))
  expect(failure).toMatchObject({ kind: 'too-slow', text: expect.stringContaining('within 2 s') })
})

test('a fifth check at once is refused, and taken when the others are over', async () => {
  const port = await answering(() => undefined)
  const made = checks(3_000)
  const under = [1, 2, 3, 4].map(() => made.check(requestTo(port)))
  await expect(made.check(requestTo(port))).rejects.toThrow('this node checks 4 connections already')
  for (const { failure } of await Promise.all(under)) expect(failure?.kind).toBe('too-slow')
  expect((await made.check(requestTo(await freePort()))).failure?.kind).toMatch(/refused|too-slow/)
})
