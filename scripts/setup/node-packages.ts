/**
 * The project's npm packages, exactly as package-lock.json says, and the `millrace` command beside theirs.
 *
 * Easy to get wrong: npm writes down what it put into node_modules, so comparing that with the lock file tells whether
 * there is work to do, also after somebody ran `npm install` by hand.
 */
import { lstat, mkdir, readFile, readlink, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { commandFailure, runCommand, tryCommand } from './command.ts'
import type { SetupStep } from './installation.ts'
import { projectRoot } from './project.ts'

interface LockedPackage {
  readonly version?: string
  readonly optional?: boolean
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

interface Lock {
  readonly packages?: Readonly<Record<string, LockedPackage>>
}

const modulesDir = join(projectRoot, 'node_modules')

export const nodePackagesStep: SetupStep = {
  name: 'npm packages',
  async check() {
    const [wanted, present] = await Promise.all([
      readLock(join(projectRoot, 'package-lock.json')),
      readLock(join(modulesDir, '.package-lock.json')),
    ])
    if (!holdsAll(present, wanted)) return null
    await linkCommand()
    return 'npm packages'
  },
  async install(context) {
    context.say('npm packages: npm ci')
    await installPackages()
    await linkCommand()
    return 'npm packages'
  },
}

/**
 * `npm ci`, or `npm install` where the lock file lacks nothing but optional packages of other systems: a lock file
 * written where the registry did not offer those is complete for every system that can run without them, yet `npm ci`
 * refuses it. Both check what they fetch against the lock file, and neither changes it.
 */
async function installPackages(): Promise<void> {
  // A person's own npm settings (production only, say) must not leave out what the tests need.
  const flags = ['--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error']
  const result = await tryCommand('npm', ['ci', ...flags])
  if (result.status === 0) return
  const cure =
    'check the network and npm (npm ping); if package.json was changed, run npm install to update the lock file'
  if (!(await lacksOnlyOptional(result.stderr))) throw commandFailure('npm', ['ci', ...flags], result, cure)
  await runCommand('npm', ['install', '--no-save', ...flags], { cure })
}

async function lacksOnlyOptional(npmErrors: string): Promise<boolean> {
  const lock = await readLock(join(projectRoot, 'package-lock.json'))
  const optional = new Set(
    Object.values(lock.packages ?? {}).flatMap((each) => Object.keys(each.optionalDependencies ?? {})),
  )
  const missing = [...npmErrors.matchAll(/Missing: (\S+)@\S* from lock file/g)].map(([, name = '']) => name)
  return missing.length > 0 && missing.every((name) => optional.has(name)) && !npmErrors.includes('Invalid:')
}

async function readLock(path: string): Promise<Lock> {
  return readFile(path, 'utf8').then(
    (text) => JSON.parse(text) as Lock,
    () => ({}),
  )
}

/** True when everything in the lock file is there in its version, and nothing else; optional packages may differ. */
function holdsAll(present: Lock, wanted: Lock): boolean {
  const have = present.packages
  const want = wanted.packages
  if (have === undefined || want === undefined) return false
  const missing = Object.entries(want).some(
    ([path, locked]) =>
      path !== '' && have[path]?.version !== locked.version && !(locked.optional === true && have[path] === undefined),
  )
  return !missing && Object.entries(have).every(([path, entry]) => path in want || entry.optional === true)
}

/** Lets `npx millrace` find the project's own command without publishing it. */
async function linkCommand(): Promise<void> {
  const link = join(modulesDir, '.bin/millrace')
  const target = '../../bin/millrace'
  const isThere = await lstat(link).then(
    async (entry) => entry.isSymbolicLink() && (await readlink(link)) === target,
    () => false,
  )
  if (isThere) return
  await mkdir(join(modulesDir, '.bin'), { recursive: true })
  const fresh = `${link}.${process.pid}`
  await rm(fresh, { force: true })
  await symlink(target, fresh)
  await rename(fresh, link)
}
