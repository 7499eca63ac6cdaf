/** The agent as users start it, or its source where nothing is built; or what CLUSTER_PROGRAM names, another version say. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../../../scripts/setup/project.ts'

export function agentProgram(): readonly [string, ...string[]] {
  const named = process.env.CLUSTER_PROGRAM
  if (named === undefined && existsSync(join(projectRoot, 'dist/main.js'))) return [join(projectRoot, 'bin/millrace')]
  // The same young heap as bin/millrace gives it.
  return [process.execPath, '--max-semi-space-size=8', named ?? join(projectRoot, 'src/main.ts')]
}
