/** Who can be killed, and how: always one process by its id, with SIGKILL, and never by name. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../../scripts/demo/random.ts'
import { isAlive, readPidFile } from '../../src/core/process-identity.ts'
import type { TestAgent } from '../harness/millrace-agent.ts'
import type { TestServer } from '../harness/mysql-servers.ts'

export type Victim = 'agent' | 'task' | 'runner' | 'nats' | 'source' | 'target'

export interface Stage {
  readonly agent: TestAgent
  readonly source: TestServer
  readonly target: TestServer
}

export const victims: readonly Victim[] = ['agent', 'task', 'runner', 'nats', 'source', 'target']

/** Kills one and, where nobody else does, starts it again after a while. @returns false when nothing was there to kill */
export async function kill(victim: Victim, stage: Stage, random: Random): Promise<boolean> {
  const downMs = random.between(0, 2500)
  switch (victim) {
    case 'agent':
      await stage.agent.kill()
      await sleep(downMs)
      await stage.agent.start()
      return true
    case 'source':
    case 'target':
      await stage[victim].kill()
      await sleep(downMs)
      await stage[victim].start()
      return true
    case 'task':
      return killPid(random.pick([...taskPids(stage.agent.pid), 0]))
    case 'nats':
      return killNoted(join(stage.agent.dataDir, 'nats', 'nats.pid'))
    case 'runner':
      return killNoted(join(stage.agent.dataDir, 'runner', 'runner.pid'))
  }
}

function killNoted(pidFile: string): boolean {
  const identity = readPidFile(pidFile)
  return identity !== null && isAlive(identity) && killPid(identity.pid)
}

function killPid(pid: number): boolean {
  if (pid <= 1) return false
  process.kill(pid, 'SIGKILL')
  return true
}

/** The replication task processes: children of the agent that run its task program. */
export function taskPids(agentPid: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === agentPid && commandLineOf(pid).includes('replication-task-main'))
}

function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return -1
  }
}

function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
  } catch {
    return ''
  }
}
