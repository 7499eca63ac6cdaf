import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type AccountFlags, type AccountSources, readAccount } from './account.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'account-'))
  writeFileSync(join(folder, 'password'), 'from file\n')
  writeFileSync(join(folder, 'client.cnf'), '[client]\nuser=optioned\npassword=from options\n')
  writeFileSync(join(folder, 'empty.cnf'), '[mysqld]\nport=1\n')
})
afterAll(() => rmSync(folder, { recursive: true }))

const environment = { MILLRACE_FROM_PASSWORD: 'from environment' }

function read(flags: Partial<AccountFlags>, sources: Partial<AccountSources> = {}) {
  return readAccount(
    { side: 'from', url: 'mysql://u@db1', ...flags },
    { environment: {}, askSecret: null, warn: () => undefined, ...sources },
  )
}

test('a password comes from its file, without the last newline', async () => {
  const found = await read({ passwordFile: join(folder, 'password') }, { environment })
  expect(found).toEqual({ host: 'db1', port: 3306, user: 'u', password: 'from file' })
})

test('a password comes from the environment, before an option file', async () => {
  expect(await read({ defaultsFile: join(folder, 'client.cnf') }, { environment })).toMatchObject({
    user: 'u',
    password: 'from environment',
  })
})

test('user and password come from an option file', async () => {
  expect(await read({ url: 'mysql://db1', defaultsFile: join(folder, 'client.cnf') })).toMatchObject({
    user: 'optioned',
    password: 'from options',
  })
})

test('a password is asked for, naming account and server', async () => {
  const askSecret = vi.fn(async () => 'typed')
  expect(await read({}, { askSecret })).toMatchObject({ password: 'typed' })
  expect(askSecret).toHaveBeenCalledWith('Password of u at db1:3306: ')
})

test('a password in the URL is taken with a warning that does not tell it; an empty one without', async () => {
  const warn = vi.fn()
  expect(await read({ url: 'mysql://u:hidden@db1' }, { warn })).toMatchObject({ password: 'hidden' })
  expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/process list.*--from-password-file/))
  expect(warn.mock.calls[0]?.[0]).not.toContain('hidden')
  expect(await read({ url: 'mysql://u:@db1' }, { warn })).toMatchObject({ password: '' })
  expect(warn).toHaveBeenCalledTimes(1)
})

test.each([
  ['no password anywhere', {}, /no terminal to ask on; give --from-password-file/],
  ['no user', { url: 'mysql://db1' }, /names no user; write mysql:\/\/USER@db1/],
  [
    'a file that is not there',
    { passwordFile: '/nowhere/x' },
    /--from-password-file: names \/nowhere\/x, which cannot be read/,
  ],
  ['two passwords', { url: 'mysql://u:x@db1', passwordFile: '/nowhere/x' }, /take one of them away/],
] as const)('%s is told with a cure', async (_name, flags, message) => {
  await expect(read(flags)).rejects.toThrow(message)
})

test('an option file without a group [client] is told', async () => {
  await expect(read({ defaultsFile: join(folder, 'empty.cnf') })).rejects.toThrow(
    /neither user nor password in a group \[client\]/,
  )
})
