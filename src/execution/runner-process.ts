/**
 * Starts the runner as a process that does not depend on ours: own session, own log, no pipe between us.
 *
 * Easy to get wrong: starting one too many is harmless. The folder's lock lets one live, the others end at once.
 */
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { logFileName } from './runner/protocol.ts'

/** Most of what it makes is garbage at once: little room for it. */
const smallMemory = ['--max-semi-space-size=2']

export interface RunnerProcess {
  /** True once it was killed or failed; one that found another runner in its folder did not fail. */
  readonly hasFailed: boolean
}

/** @param env without secrets: it stays with the process */
export function startRunnerProcess(dir: string, env: Readonly<Record<string, string>>): RunnerProcess {
  const { NODE_OPTIONS: _agentsOwn, ...ownEnv } = env
  const log = openSync(join(dir, logFileName), 'a', 0o600)
  try {
    const child = spawn(process.execPath, [...smallMemory, runnerEntry(), dir], {
      detached: true,
      stdio: ['ignore', log, log],
      cwd: dir,
      env: ownEnv,
    })
    const state = { hasFailed: false }
    const fail = () => {
      state.hasFailed = true
    }
    child.on('error', fail)
    child.on('exit', (status) => {
      if (status !== 0) fail()
    })
    child.unref()
    return state
  } finally {
    closeSync(log)
  }
}

/** Beside this file, and of its kind: .ts in development, .js when built. */
function runnerEntry(): string {
  const here = fileURLToPath(import.meta.url)
  return fileURLToPath(new URL(`./runner/main${extname(here)}`, import.meta.url))
}
