/** The parts of set-up and of the test run that decide something; the fetching itself is what every run shows. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { afterSecond, outcomeOf } from '../../scripts/gates/vitest-gate.ts'
import { debianMirrors } from '../../scripts/setup/apt-sources.ts'
import { runCommand } from '../../scripts/setup/command.ts'
import { withLock } from '../../scripts/setup/lock.ts'
import { isAtLeast, versionIn } from '../../scripts/setup/version.ts'
import { eventually } from '../harness/eventually.ts'
import { tempDir } from '../harness/temp-dir.ts'

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'

test.each([
  ['one-line', 'a.list', `deb [arch=amd64 signed-by=${keyring}] http://mirror.test/debian bookworm main\n`],
  [
    'deb822',
    'a.sources',
    `# mine\nTypes: deb\nURIs: http://mirror.test/debian\nSuites: trixie trixie-updates\nComponents: main\nSigned-By: ${keyring}\n`,
  ],
  [
    'deb822 with a continued field',
    'a.sources',
    `Types: deb deb-src\nURIs:\n http://mirror.test/debian\nSuites: sid\nComponents: main\n contrib\nSigned-By: ${keyring}\n`,
  ],
])('the mirror is found in a %s source', async (_name, file, text) => {
  await using apt = await aptDir({ [`sources.list.d/${file}`]: text })
  expect(await debianMirrors(apt.path)).toEqual([{ uri: 'http://mirror.test/debian', signedBy: keyring }])
})

test.each([
  ['switched off', 'Types: deb\nURIs: http://mirror.test/debian\nSuites: sid\nComponents: main\nEnabled: no\n'],
  ['of another project', 'Types: deb\nURIs: http://other.test/apt\nSuites: bookworm-pgdg\nComponents: main\n'],
  [
    'for security updates only',
    'Types: deb\nURIs: http://mirror.test/sec\nSuites: bookworm-security\nComponents: main\n',
  ],
  ['for sources only', 'Types: deb-src\nURIs: http://mirror.test/debian\nSuites: bookworm\nComponents: main\n'],
  ['of a disc', 'Types: deb\nURIs: cdrom:[Debian]/\nSuites: bookworm\nComponents: main\n'],
])('a source %s is not taken for the mirror', async (_name, text) => {
  await using apt = await aptDir({ 'sources.list.d/a.sources': text })
  expect(await debianMirrors(apt.path)).toEqual([])
})

test('a source that names the keyring of Debian goes before one that does not', async () => {
  await using apt = await aptDir({
    'sources.list': 'deb http://other.test/debian bookworm main\n# deb http://off.test/debian bookworm main\n',
    'sources.list.d/debian.sources': `Types: deb\nURIs: http://mirror.test/debian\nSuites: bookworm\nComponents: main\nSigned-By: ${keyring}\n`,
  })
  const mirrors = await debianMirrors(apt.path)
  expect(mirrors.map((mirror) => mirror.uri)).toEqual(['http://mirror.test/debian', 'http://other.test/debian'])
})

test.each([
  ['2.15.1', '2.10.23', true],
  ['2.10.23', '2.10.23', true],
  ['2.9.10', '2.10.23', false],
  ['2.10.3', '2.10.23', false],
  ['10.0', '9.7', true],
])('version %s against at least %s is %s', (version, minimum, expected) => {
  expect(isAtLeast(version, minimum)).toBe(expected)
})

test('a version is found in what a program prints', () => {
  expect(versionIn('nats-server: v2.15.1\n')).toBe('2.15.1')
  expect(versionIn('unknown')).toBeNull()
})

test('a command that fails is named with its output and the cure', async () => {
  const failing = runCommand('sh', ['-c', 'echo no room >&2; exit 7'], { cure: 'free some disk' })
  await expect(failing).rejects.toThrow(/sh -c .*failed with status 7\n {2}no room\n {2}cure: free some disk/)
  await expect(runCommand('no-such-program', [])).rejects.toThrow(/cannot start no-such-program/)
})

test('a lock keeps a second holder out and is free again when its holder was killed', async () => {
  await using folder = await tempDir()
  const name = `test ${folder.path}`
  const script = join(folder.path, 'holder.ts')
  const lockModule = JSON.stringify(join(import.meta.dirname, '../../scripts/setup/lock.ts'))
  await writeFile(
    script,
    `import { withLock } from ${lockModule}
await withLock(${JSON.stringify(name)}, () => new Promise(() => { process.send('held'); setInterval(() => {}, 1000) }))`,
  )
  const holder = fork(script)
  await once(holder, 'message')
  let entered = false
  const second = withLock(name, async () => {
    entered = true
  })
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(entered).toBe(false)
  holder.kill('SIGKILL')
  await second
  expect(await eventually(() => entered, 1_000)).toBe(true)
})

const passedTest = { status: 'passed', fullName: 'a' }

test.each([
  [
    'passed and failed tests',
    [file('failed', [passedTest, { status: 'failed', fullName: 'b' }])],
    1,
    { passed: 1, failed: 1 },
  ],
  ['a file that could not be loaded', [file('failed', []), file('passed', [passedTest])], 1, { passed: 1, failed: 1 }],
  ['a skipped test', [file('passed', [passedTest, { status: 'skipped', fullName: 'b' }])], 0, { passed: 1, failed: 1 }],
  ['an error outside every test', [file('passed', [passedTest])], 1, { passed: 1, failed: 1 }],
  ['a worker ended by a signal', [file('passed', [passedTest])], null, { passed: 1, failed: 1 }],
  ['no test at all', [], 0, { passed: 0, failed: 1 }],
  ['nothing but passed tests', [file('passed', [passedTest])], 0, { passed: 1, failed: 0 }],
])('a run with %s is counted so', (_name, testResults, status, expected) => {
  expect(outcomeOf('unit', { testResults }, status)).toMatchObject(expected)
})

test('what failed at first is told, and counts by its second run', () => {
  const failed = { status: 'failed', fullName: 'b', failureMessages: ['Error: the server died'] }
  const unheard = file('failed', [{ status: 'skipped', fullName: 'd' }])
  const testResults = [
    file('failed', [passedTest, failed]),
    { ...unheard, name: 'hook.ts' },
    { ...file('passed', [passedTest]), name: 'c.ts' },
  ]
  const first = { report: { testResults }, uncaught: 0, status: 1 }
  const healed = [
    file('passed', [passedTest, { ...failed, status: 'passed' }]),
    { ...file('passed', [{ status: 'passed', fullName: 'd' }]), name: 'hook.ts' },
  ]
  const second = { report: { testResults: healed }, uncaught: 0, status: 0 }
  expect(afterSecond('unit', first, second)).toEqual({
    passed: 4,
    failed: 0,
    remarks: [
      'at first: unit: failed: b\n     Error: the server died',
      'at first: unit: did not run: d',
      'at first: unit: hook.ts failed outside its tests',
    ],
  })
  expect(afterSecond('unit', first, first)).toMatchObject({ passed: 2, failed: 3 })
  expect(afterSecond('unit', { ...first, uncaught: 2 }, second)).toMatchObject({ passed: 4, failed: 1 })
})

function file(status: string, assertionResults: readonly { status: string; fullName: string }[]) {
  return { name: 'some.test.ts', status, assertionResults }
}

async function aptDir(files: Readonly<Record<string, string>>) {
  const folder = await tempDir()
  await mkdir(join(folder.path, 'sources.list.d'))
  for (const [path, text] of Object.entries(files)) await writeFile(join(folder.path, path), text)
  return folder
}
