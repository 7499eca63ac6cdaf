import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findServer } from './find-server.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mr-find-'))
})

afterAll(() => rm(folder, { recursive: true }))

/** A program that only knows its version. */
async function program(name: string, version: string): Promise<string> {
  await mkdir(join(folder, name), { recursive: true })
  const path = join(folder, name, 'nats-server')
  await writeFile(path, `#!/bin/sh\necho "nats-server: v${version}"\n`)
  await chmod(path, 0o755)
  return path
}

const nowhere = () => join(folder, 'nowhere', 'nats-server')

test('what the user names wins over cache and PATH', async () => {
  const wantedPath = await program('wanted', '2.11.0')
  const cachedPath = await program('cache', '2.15.1')
  expect(await findServer({ wantedPath, cachedPath, searchPath: '' })).toEqual({ path: wantedPath, version: '2.11.0' })
})

test('the cache wins over PATH', async () => {
  const cachedPath = await program('cache', '2.15.1')
  await program('path', '2.12.0')
  const found = await findServer({ cachedPath, searchPath: join(folder, 'path') })
  expect(found.path).toBe(cachedPath)
})

test('a program on PATH that is too old is passed over for a newer one further on', async () => {
  await program('old', '2.9.10')
  const path = await program('new', '2.10.27')
  const searchPath = `${join(folder, 'old')}:${join(folder, 'new')}`
  expect(await findServer({ cachedPath: nowhere(), searchPath })).toEqual({ path, version: '2.10.27' })
})

test('a named program that is not there is an error that names it and the cure', async () => {
  await expect(findServer({ wantedPath: nowhere() })).rejects.toMatchObject({
    code: 'NATS_MISSING',
    message: expect.stringMatching(/--nats-server \S+nowhere.*npm run setup/),
  })
})

test('a named program that is no NATS server is refused', async () => {
  await expect(findServer({ wantedPath: '/bin/true' })).rejects.toMatchObject({ code: 'NATS_UNUSABLE' })
})

test('only programs that are too old are an error with version and path', async () => {
  const path = await program('old', '2.9.10')
  await expect(findServer({ cachedPath: nowhere(), searchPath: join(folder, 'old') })).rejects.toMatchObject({
    code: 'NATS_TOO_OLD',
    message: expect.stringContaining(path),
  })
})
