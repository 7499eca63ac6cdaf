/** The agent as users start it, or its source where nothing is built; or what CLUSTER_PROGRAM names, another version say. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../../../scripts/setup/project.ts'

export function agentProgram(): readonly [string, ...string[]] {
  const named = process.env.CLUSTER_PROGRAM
  if (named === undefined && existsSync(join(projectRoot, 'dist/main.js'))) return [join(projectRoot, 'bin/millrace')]
  // The same heap as bin/millrace gives it.
  const heap = ['--max-semi-space-size=8', '--heap-growing-percent=30']
  return [process.execPath, ...heap, named ?? join(projectRoot, 'src/main.ts')]
}
