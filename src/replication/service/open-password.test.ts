import { execFileSync } from 'node:child_process'
import { symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tempDir } from '../../../test/harness/temp-dir.ts'
import { SecretBox } from '../../core/secret-box.ts'
import type { Secret } from '../../model/replication-job.ts'
import { openPassword } from './open-password.ts'

const secrets = new SecretBox(Buffer.alloc(32, 1))
const sources = { secrets, environment: { PW: 'from env', EMPTY: '' }, nodeName: 'alpha' }

function open(password: Secret): Promise<string> {
  return openPassword({ host: 'db', port: 3306, user: 'repl', password }, sources)
}

test('a sealed password opens', async () => {
  expect(await open({ kind: 'sealed', box: secrets.seal('s3cret') })).toBe('s3cret')
})

test('a variable is read, also an empty one', async () => {
  expect(await open({ kind: 'environment', name: 'PW' })).toBe('from env')
  expect(await open({ kind: 'environment', name: 'EMPTY' })).toBe('')
})

test('a file is read, without the newline that an editor leaves', async () => {
  await using folder = await tempDir('mr-password-')
  writeFileSync(join(folder.path, 'pw'), ' in file \n')
  expect(await open({ kind: 'file', path: join(folder.path, 'pw') })).toBe(' in file ')
})

test('a file is read through a link, up to the longest password', async () => {
  await using folder = await tempDir('mr-password-')
  const longest = '\u20ac'.repeat(4_096)
  writeFileSync(join(folder.path, 'pw'), longest)
  symlinkSync('pw', join(folder.path, 'link'))
  expect(await open({ kind: 'file', path: join(folder.path, 'link') })).toBe(longest)
})

test('what is no plain file is refused at once, however often, and of a huge one only the start is read', async () => {
  await using folder = await tempDir('mr-password-')
  const [pipe, huge] = [join(folder.path, 'pipe'), join(folder.path, 'huge')]
  execFileSync('mkfifo', [pipe])
  writeFileSync(huge, '')
  truncateSync(huge, 2 ** 40)
  const refusalOf = (path: string) => open({ kind: 'file', path }).catch((error: unknown) => error)
  // More than the threads that read files.
  const pipes = await Promise.all(Array.from({ length: 8 }, () => refusalOf(pipe)))
  for (const failure of [...pipes, await refusalOf(folder.path), await refusalOf('/dev/zero')])
    expect(failure).toMatchObject({ code: 'REPL_SECRET', message: expect.stringMatching(/is no plain file; write it/) })
  expect(await refusalOf(huge)).toMatchObject({ message: expect.stringMatching(/too long for a password; write it/) })
})

test.each<[string, Secret, RegExp]>([
  [
    'a box of another key',
    { kind: 'sealed', box: new SecretBox(Buffer.alloc(32, 2)).seal('planted') },
    /repl at db:3306 was sealed with another key than node alpha has; save the job again/,
  ],
  ['a variable that is not set', { kind: 'environment', name: 'NOPE' }, /variable NOPE.*node alpha.*set it/],
  ['a file that is not there', { kind: 'file', path: '/no/such/file' }, /file \/no\/such\/file.*ENOENT.*node alpha/],
])('%s is an error that says what to do where', async (_name, password, message) => {
  const failure = await open(password).catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 'REPL_SECRET', remedy: 'operator', message: expect.stringMatching(message) })
  expect(String(failure)).not.toContain('planted')
})
