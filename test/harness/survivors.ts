/**
 * What outlives an agent on purpose: its NATS server, and its command runner with the commands. They are ended by the pid
 * files that they leave in the agent's data directory.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isAlive, readPidFile } from '../../src/core/process-identity.ts'

/** Kills the runner, the commands it started and the NATS server of a data directory; never anything else. */
export function killSurvivors(dataDir: string): void {
  const runner = readPidFile(join(dataDir, 'runner/runner.pid'))
  if (runner !== null && isAlive(runner)) {
    const commands = groupsStartedBy(runner.pid)
    killQuietly(runner.pid)
    for (const group of commands) killQuietly(-group)
  }
  killNatsServers(dataDir)
}

/** SIGKILL to the NATS servers of a data directory: with the agent's `kill`, what a machine's death is to the others. */
export function killNatsServers(dataDir: string): void {
  for (const path of natsPidFiles(join(dataDir, 'nats'))) {
    const nats = readPidFile(path)
    if (nats !== null && isAlive(nats)) killQuietly(nats.pid)
  }
}

/** One a store: while a cluster forms there are two. */
function natsPidFiles(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^nats.*\.pid$/.test(name))
      .map((name) => join(folder, name))
  } catch {
    return []
  }
}

/** Process groups led by a child of `parent`: proc_pid_stat(5), fields 4 (parent) and 5 (group). */
function groupsStartedBy(parent: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const [, parentOf, group] = statFields(pid)
      return Number(parentOf) === parent && Number(group) === pid
    })
}

function statFields(pid: number): readonly string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return []
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself in between, which is what was wanted.
  }
}
