/**
 * Fetches Debian packages of any suite into a folder of ours, without root and without touching the machine's apt.
 *
 * apt does the work (mirrors, proxies, signatures, checksums), with lists, cache, sources and status of its own in a
 * scratch folder. The status is empty, so a package comes with all it needs, its C library included, and runs on a
 * machine of another release through its own loader.
 *
 * Easy to get wrong: signatures are always verified. When the machine's keyring is older than the suite's key, a newer
 * keyring comes from the machine's own release, verified by the keyring it has.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type DebianMirror, debianMirrors } from './apt-sources.ts'
import { findExecutable, runCommand, tryCommand } from './command.ts'
import { SetupError } from './failure.ts'

export interface AptSuite {
  /** The version of a package in this suite, without Debian's epoch and revision; null when it has none. */
  upstreamVersion(packageName: string): Promise<string | null>
  /** Unpacks just this package into `folder`. */
  unpackOne(packageName: string, folder: string): Promise<void>
  /** Unpacks the package and everything it depends on, save the packages that `leaveOut` matches. */
  unpackWithDependencies(packageName: string, folder: string, leaveOut: RegExp): Promise<void>
}

/**
 * Reads a suite's package list from the machine's own mirror.
 *
 * @param suite for example `sid` or `bookworm`
 * @param scratchDir an empty folder that outlives the returned object
 * @throws SetupError if this is no Debian, no mirror has the suite, or no signature holds
 */
export async function openSuite(suite: string, scratchDir: string): Promise<AptSuite> {
  for (const tool of ['apt-get', 'dpkg'])
    if ((await findExecutable(tool)) === null)
      throw new SetupError(
        `${tool} not found: only a Debian machine can fetch this; see "Where the NATS server comes from" in README.md`,
      )
  const mirrors = await debianMirrors()
  if (mirrors.length === 0)
    throw new SetupError(
      'no Debian mirror among the machine\'s apt sources\n  cure: add one to /etc/apt/sources.list.d, or see "Where the NATS server comes from" in README.md',
    )
  let failure: unknown
  for (const [index, mirror] of mirrors.entries()) {
    try {
      return await openMirror(mirror, suite, join(scratchDir, `${suite}-${index}`))
    } catch (error) {
      failure ??= error
    }
  }
  throw failure
}

async function openMirror(mirror: DebianMirror, suite: string, stateDir: string): Promise<AptSuite> {
  const env = await privateApt(mirror, suite, stateDir)
  const update = await tryCommand('apt-get', ['update', '-qq', '-o', 'APT::Update::Error-Mode=any'], { env })
  if (update.status === 0) return suiteOf(env, stateDir)
  if (!/NO_PUBKEY|no public key|Missing key/i.test(update.stderr)) throw unreachable(suite, update.stderr)
  const signedBy = await newerKeyring(mirror, join(stateDir, 'keyring'))
  const retryDir = join(stateDir, 'retry')
  const retryEnv = await privateApt({ ...mirror, signedBy }, suite, retryDir)
  const retry = await tryCommand('apt-get', ['update', '-qq', '-o', 'APT::Update::Error-Mode=any'], { env: retryEnv })
  if (retry.status !== 0) throw unreachable(suite, retry.stderr)
  return suiteOf(retryEnv, retryDir)
}

/** Writes an apt configuration that reads and writes nothing of the machine's but its proxies and credentials. */
async function privateApt(mirror: DebianMirror, suite: string, dir: string): Promise<Record<string, string>> {
  for (const folder of ['state/lists/partial', 'cache/archives/partial'])
    await mkdir(join(dir, folder), { recursive: true })
  await writeFile(join(dir, 'status'), '')
  const options = mirror.signedBy === null ? '' : `[signed-by=${mirror.signedBy}] `
  await writeFile(join(dir, 'sources.list'), `deb ${options}${mirror.uri} ${suite} main\n`)
  const acquire = await runCommand('apt-config', ['dump', 'Acquire'])
  const settings = {
    'Dir::State': join(dir, 'state'),
    'Dir::State::Lists': join(dir, 'state/lists'),
    'Dir::State::Status': join(dir, 'status'),
    'Dir::Cache': join(dir, 'cache'),
    'Dir::Etc::SourceList': join(dir, 'sources.list'),
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::Etc::Parts': '/dev/null',
    'Dir::Etc::Main': '/dev/null',
    'Dir::Etc::Preferences': '/dev/null',
    'Dir::Etc::PreferencesParts': '/dev/null',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
    // As root apt would hand its downloads to a user that may not be able to enter the project's folder.
    'APT::Sandbox::User': 'root',
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} ${JSON.stringify(value)};`)
  await writeFile(join(dir, 'apt.conf'), `${acquire}${lines.join('\n')}\n`)
  return { APT_CONFIG: join(dir, 'apt.conf') }
}

/** The path of an up-to-date Debian keyring, from the machine's own release. */
async function newerKeyring(mirror: DebianMirror, dir: string): Promise<string> {
  const release = await readFile('/etc/os-release', 'utf8')
  const suite = /^VERSION_CODENAME="?([a-z]+)/m.exec(release)?.[1] ?? 'stable'
  const env = await privateApt(mirror, suite, dir)
  const update = await tryCommand('apt-get', ['update', '-qq', '-o', 'APT::Update::Error-Mode=any'], { env })
  if (update.status !== 0) throw unreachable(suite, update.stderr)
  await suiteOf(env, dir).unpackOne('debian-archive-keyring', join(dir, 'root'))
  const keyrings = join(dir, 'root/usr/share/keyrings')
  const names = await readdir(keyrings)
  const name = ['debian-archive-keyring.pgp', 'debian-archive-keyring.gpg'].find((file) => names.includes(file))
  if (name === undefined) throw new SetupError(`package debian-archive-keyring of ${suite} holds no keyring`)
  return join(keyrings, name)
}

function unreachable(suite: string, output: string): SetupError {
  const reason = output
    .split('\n')
    .filter((line) => line.startsWith('E:') || line.startsWith('W:'))
    .slice(0, 4)
    .map((line) => `  ${line}`)
    .join('\n')
  return new SetupError(
    `'apt-get update' failed for Debian suite ${suite}\n${reason}\n` +
      "  cure: check the network and the machine's apt sources ('apt-get update' must work), and that the package debian-archive-keyring is up to date",
  )
}

function suiteOf(env: Readonly<Record<string, string>>, stateDir: string): AptSuite {
  async function unpack(specs: readonly string[], folder: string): Promise<void> {
    const downloads = join(stateDir, 'downloads')
    await mkdir(downloads, { recursive: true })
    await mkdir(folder, { recursive: true })
    await runCommand('apt-get', ['download', '-qq', ...specs], {
      env,
      cwd: downloads,
      cure: 'check the network and try again',
    })
    for (const name of await readdir(downloads))
      await runCommand('dpkg', ['-x', join(downloads, name), folder], { cure: 'check that the disk has room' })
    await runCommand('find', [downloads, '-name', '*.deb', '-delete'])
  }
  return {
    async upstreamVersion(packageName) {
      const policy = await runCommand('apt-cache', ['policy', packageName], { env })
      const candidate = /Candidate: (\S+)/.exec(policy)?.[1]
      if (candidate === undefined || candidate === '(none)') return null
      return candidate.replace(/^\d+:/, '').replace(/[-+~].*$/, '')
    },
    unpackOne: (packageName, folder) => unpack([packageName], folder),
    async unpackWithDependencies(packageName, folder, leaveOut) {
      const plan = await runCommand(
        'apt-get',
        ['install', '--simulate', '--yes', '--no-install-recommends', packageName],
        { env, cure: 'the suite is being changed just now; try again later' },
      )
      const specs = [...plan.matchAll(/^Inst (\S+) \((\S+)/gm)].flatMap(([, name = '', version = '']) =>
        leaveOut.test(name) ? [] : [`${name}=${version}`],
      )
      await unpack(specs, folder)
    },
  }
}
