/** Runs the steps of the set-up in order, one set-up of this project at a time. */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type AptSuite, openSuite } from './apt-cache.ts'
import { buildStep } from './build.ts'
import { buildWebStep } from './build-web.ts'
import { chromiumStep } from './chromium.ts'
import { dumpProgramsStep } from './dump-programs.ts'
import type { SetupContext, SetupStep } from './installation.ts'
import { libfaketimeStep } from './libfaketime.ts'
import { withLock } from './lock.ts'
import { mariadbStep } from './mariadb.ts'
import { mysql56Step } from './mysql-5.6.ts'
import { mysql97Step } from './mysql-9.7.ts'
import { natsServerStep } from './nats-server.ts'
import { nodePackagesStep } from './node-packages.ts'
import { cacheDir, projectRoot, withScratchDir } from './project.ts'
import { sysbenchStep } from './sysbench.ts'

/** What is wanted beside what every use needs. */
export type SetupExtent = 'basic' | 'mariadb' | 'servers' | 'browser' | 'bench'

const stepsOf: Readonly<Record<SetupExtent, readonly SetupStep[]>> = {
  basic: [],
  mariadb: [mariadbStep],
  servers: [mariadbStep, mysql97Step, mysql56Step, libfaketimeStep],
  browser: [mariadbStep, mysql97Step, chromiumStep],
  bench: [mariadbStep, mysql97Step, mysql56Step, sysbenchStep, dumpProgramsStep],
}

/** npm packages, build and NATS server, and what all of `extents` name. @throws SetupError */
export async function setUp(...extents: readonly SetupExtent[]): Promise<void> {
  const wanted = new Set(extents.flatMap((extent) => stepsOf[extent]))
  // The build comes last, so that a source that does not compile keeps nobody from what can be fetched.
  await runSteps([nodePackagesStep, natsServerStep, ...wanted, buildStep, buildWebStep])
}

/** What is there of an extent and the NATS server, with versions, for example `MySQL 9.7.4`; fetches nothing. */
export async function presentVersions(extent: SetupExtent): Promise<readonly string[]> {
  const present = await Promise.all([natsServerStep, ...stepsOf[extent]].map((step) => step.check()))
  return present.filter((version) => version !== null)
}

/** Runs those of the steps that have work to do, and says at the end what is there. @throws SetupError */
export async function runSteps(steps: readonly SetupStep[]): Promise<void> {
  const startedAt = performance.now()
  const present = await withLock(`setup ${projectRoot}`, async () => {
    await removeScratch()
    return withScratchDir((scratchDir) => runAll(steps, newContext(scratchDir)))
  })
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  process.stdout.write(`ready: ${present.join(', ')} (${seconds} s)\n`)
}

async function runAll(steps: readonly SetupStep[], context: SetupContext): Promise<string[]> {
  const present: string[] = []
  for (const step of steps) present.push((await step.check()) ?? (await step.install(context)))
  return present
}

function newContext(scratchDir: string): SetupContext {
  const suites = new Map<string, Promise<AptSuite>>()
  return {
    scratchDir,
    say: (line) => process.stdout.write(`${line}\n`),
    suite(name) {
      const opened = suites.get(name) ?? openSuite(name, scratchDir)
      suites.set(name, opened)
      return opened
    },
  }
}

/** What a set-up that was killed left behind; the lock says that nobody uses it. */
async function removeScratch(): Promise<void> {
  for (const name of await readdir(cacheDir).catch(() => []))
    if (name.startsWith('scratch-')) await rm(join(cacheDir, name), { recursive: true, force: true })
}
