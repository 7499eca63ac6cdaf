/**
 * The project's npm packages, exactly as package-lock.json says, and the `millrace` command beside theirs.
 *
 * Easy to get wrong: npm writes down what it put into node_modules, so comparing that with the lock file tells whether
 * there is work to do, also after somebody ran `npm install` by hand.
 */
import { lstat, mkdir, readFile, readlink, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from './command.ts'
import type { SetupStep } from './installation.ts'
import { projectRoot } from './project.ts'

interface LockedPackage {
  readonly version?: string
  readonly optional?: boolean
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
    // A person's own npm settings (production only, say) must not leave out what the tests need.
    await runCommand(
      'npm',
      ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'],
      {
        cure: 'check the network and npm (npm ping); if package.json was changed, run npm install to update the lock file',
      },
    )
    await linkCommand()
    return 'npm packages'
  },
}

async function readLock(path: string): Promise<Lock> {
  return readFile(path, 'utf8').then(
    (text) => JSON.parse(text) as Lock,
    () => ({}),
  )
}

/** True when everything in the lock file is there in its version, and nothing else; packages of other systems may lack. */
function holdsAll(present: Lock, wanted: Lock): boolean {
  const have = present.packages
  const want = wanted.packages
  if (have === undefined || want === undefined) return false
  const missing = Object.entries(want).some(
    ([path, locked]) =>
      path !== '' && have[path]?.version !== locked.version && !(locked.optional === true && have[path] === undefined),
  )
  return !missing && Object.keys(have).every((path) => path in want)
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
