/** Every suite there is, in the order in which they run: the quick ones that fail most often first. */
import { join } from 'node:path'
import { projectRoot } from '../setup/project.ts'
import type { SetupExtent } from '../setup/run.ts'
import { type Outcome, oneFailed, onePassed } from './outcome.ts'
import { runShown } from './shown-command.ts'
import { type VitestRun, vitestGate } from './vitest-gate.ts'
import { wallsGate } from './walls-gate.ts'

export interface Suite {
  readonly name: string
  /** What it should take; a suite that takes longer is reported, one that takes four times as long is ended. */
  readonly budgetSeconds: number
  readonly extent: SetupExtent
  /** Part of `npm test`; the others run by name. */
  readonly always: boolean
  run(limitMs: number): Promise<Outcome>
}

/**
 * A database server of a test may die by itself (MySQL 5.6 does, now and then, when it is killed while it recovers): in
 * continuous integration such a file begins once more. Locally it fails at once and is looked at.
 */
const beginsOnceMore = process.env.CI !== undefined

export const suites: readonly Suite[] = [
  toolSuite('lint', 20, 'biome', ['ci', '.']),
  toolSuite('types', 45, 'tsc', ['--noEmit', '-p', 'tsconfig.json']),
  toolSuite('page-types', 30, 'tsc', ['--noEmit', '-p', 'web/tsconfig.json']),
  { name: 'walls', budgetSeconds: 30, extent: 'basic', always: true, run: wallsGate },
  vitestSuite('unit', 120, 'basic', true, { filesAtOnce: 2 }),
  vitestSuite('servers', 480, 'servers', true, { filesAtOnce: 3, beginsOnceMore }),
  vitestSuite('e2e', 900, 'servers', true, { filesAtOnce: 3, beginsOnceMore }),
  vitestSuite('crash', 150, 'servers', true),
  vitestSuite('cluster', 330, 'servers', true, { beginsOnceMore }),
  vitestSuite('browser', 330, 'browser', true, { beginsOnceMore }),
  { name: 'bench', budgetSeconds: 180, extent: 'bench', always: true, run: benchGate },
  vitestSuite('faults', 6_000, 'servers', false),
  vitestSuite('soak', 900, 'browser', false),
]

function toolSuite(name: string, budgetSeconds: number, tool: string, args: readonly string[]): Suite {
  return {
    name,
    budgetSeconds,
    extent: 'basic',
    always: true,
    async run(limitMs) {
      const status = await runShown(join(projectRoot, 'node_modules/.bin', tool), args, limitMs)
      return status === 0 ? onePassed : oneFailed(`${name}: ${tool} found something, see above`)
    },
  }
}

/** The benchmarks at tiny sizes: that each one still ends with its figures. */
async function benchGate(limitMs: number): Promise<Outcome> {
  const args = [join(projectRoot, 'bench/run.ts'), '--smoke', '--no-setup']
  const status = await runShown(process.execPath, args, limitMs)
  return status === 0 ? onePassed : oneFailed('bench: a benchmark is broken, see above')
}

/** @param how `filesAtOnce` is for suites whose tests mostly wait for processes */
function vitestSuite(
  name: string,
  budgetSeconds: number,
  extent: SetupExtent,
  always: boolean,
  how: Partial<Pick<VitestRun, 'filesAtOnce' | 'beginsOnceMore'>> = {},
): Suite {
  const { filesAtOnce = null, beginsOnceMore = false } = how
  const run = (limitMs: number) => vitestGate({ project: name, limitMs, filesAtOnce, beginsOnceMore })
  return { name, budgetSeconds, extent, always, run }
}
