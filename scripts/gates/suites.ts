/** Every suite there is, in the order in which they run: the quick ones that fail most often first. */
import { join } from 'node:path'
import { projectRoot } from '../setup/project.ts'
import type { SetupExtent } from '../setup/run.ts'
import { type Outcome, oneFailed, onePassed } from './outcome.ts'
import { runShown } from './shown-command.ts'
import { vitestGate } from './vitest-gate.ts'
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

export const suites: readonly Suite[] = [
  toolSuite('lint', 20, 'biome', ['ci', '.']),
  toolSuite('types', 45, 'tsc', ['--noEmit', '-p', 'tsconfig.json']),
  toolSuite('page-types', 30, 'tsc', ['--noEmit', '-p', 'web/tsconfig.json']),
  { name: 'walls', budgetSeconds: 30, extent: 'basic', always: true, run: wallsGate },
  vitestSuite('unit', 120, 'basic', true),
  vitestSuite('servers', 480, 'servers', true, 2),
  vitestSuite('e2e', 900, 'servers', true, 2),
  vitestSuite('crash', 150, 'servers', true),
  vitestSuite('cluster', 330, 'servers', true),
  vitestSuite('browser', 330, 'browser', true),
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

/** @param filesAtOnce for suites whose tests mostly wait for servers, and assert no times */
function vitestSuite(
  name: string,
  budgetSeconds: number,
  extent: SetupExtent,
  always: boolean,
  filesAtOnce: number | null = null,
): Suite {
  return { name, budgetSeconds, extent, always, run: (limitMs) => vitestGate(name, limitMs, filesAtOnce) }
}
