/**
 * Opens the runner's folder: journal, results, pipes; and settles what an earlier runner left.
 *
 * Easy to get wrong: the pipes of commands that still run must be opened before anything else is removed, and a
 * command whose start was not noted is looked for by its environment.
 */
import { readlinkSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Clock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { AdoptedCommand } from './adopted-command.ts'
import { CommandOutput } from './command-output.ts'
import { decideRecovery } from './decide-recovery.ts'
import { KeyJournal } from './key-journal.ts'
import type { AcceptedOrder, SpawnFacts } from './key-state.ts'
import { PipePool } from './pipe-pool.ts'
import { findMarkedProcesses, isAlive, readBootId, readProcess } from './process-table.ts'
import type { RunnerEvent } from './protocol.ts'
import { ResultStore } from './result-store.ts'
import { Runner } from './runner.ts'
import { Spawners } from './spawners.ts'

/** Used for what is taken over before an agent has said its own. */
const adoptedOutputBytes = 256_000
const adoptedGraceMs = 5_000
const adoptedScratchBytes = 16_384

export interface OpenRunnerOptions {
  readonly dir: string
  readonly clock: Clock
  readonly log: Log
  readonly onEvent: (event: RunnerEvent) => void
}

/** @throws if the folder can't be read or written */
export async function openRunner(options: OpenRunnerOptions): Promise<Runner> {
  const { dir, clock, log, onEvent } = options
  const now = () => clock.now()
  const pipesDir = join(dir, 'pipes')
  // First of all, since it ends earlier ones that might still start something.
  const spawners = await Spawners.open(dir, clock, log)
  const { journal, isSameBoot } = await KeyJournal.open(join(dir, 'keys.journal'), readBootId(), now, log)
  const isDelivered = (key: string) => journal.isDelivered(key)
  const results = await ResultStore.open({ dir, flushKeys: () => journal.flush(), clock, log }, isDelivered)
  const open = journal.open().filter(({ key }) => !results.has(key))
  const left = isSameBoot ? withProcesses(open, pipesDir) : open
  const alive = new Set(isSameBoot ? left.filter(isRunning) : [])
  const pipes = await PipePool.open(pipesDir, new Set([...alive].map(({ spawn }) => spawn?.pipeName ?? '')))
  const runner = new Runner({ journal, results, pipes, spawners, clock, log, onEvent })
  await settle(runner, left, alive, { isSameBoot, pipes, clock, log })
  return runner
}

function isRunning({ spawn }: AcceptedOrder): boolean {
  return spawn !== null && isAlive(spawn.pid, spawn.startTicks)
}

/** Fills in the processes of those that may have been started without a note of it. */
function withProcesses(open: readonly AcceptedOrder[], pipesDir: string): AcceptedOrder[] {
  const inDoubt = open.filter((accepted) => accepted.isStarting && accepted.spawn === null)
  const pids = findMarkedProcesses(new Set(inDoubt.map(({ key }) => key)))
  return open.map((accepted) => {
    const pid = pids.get(accepted.key)
    return pid === undefined ? accepted : { ...accepted, spawn: foundSpawn(accepted, pid, pipesDir) }
  })
}

function foundSpawn({ key, acceptedAt }: AcceptedOrder, pid: number, pipesDir: string): SpawnFacts {
  const startTicks = readProcess(pid)?.startTicks ?? ''
  return { key, pid, startTicks, startedAt: acceptedAt, pipeName: pipeNameOf(pid, pipesDir) ?? '' }
}

/** The pipe of ours that a process writes its output to, if it still does. */
function pipeNameOf(pid: number, pipesDir: string): string | null {
  for (const descriptor of [1, 2]) {
    try {
      const path = readlinkSync(`/proc/${pid}/fd/${descriptor}`)
      if (basename(dirname(path)) === basename(pipesDir)) return basename(path)
    } catch {
      // It has ended, or closed this one.
    }
  }
  return null
}

interface SettleParts {
  readonly isSameBoot: boolean
  readonly pipes: PipePool
  readonly clock: Clock
  readonly log: Log
}

async function settle(
  runner: Runner,
  left: readonly AcceptedOrder[],
  alive: ReadonlySet<AcceptedOrder>,
  parts: SettleParts,
): Promise<void> {
  const counts = { adopt: 0, start: 0, unknown: 0, refuse: 0 }
  const toStart: AcceptedOrder[] = []
  for (const accepted of left) {
    const facts = { isSameBoot: parts.isSameBoot, isRunning: alive.has(accepted), nowMs: parts.clock.now() }
    const decision = decideRecovery({ accepted, ...facts })
    counts[decision.kind] += 1
    if (decision.kind === 'refuse') runner.recordWithoutRun(accepted, decision.outcome, decision.reason)
    else if (decision.kind === 'unknown') runner.recordWithoutRun(accepted, 'unknown', decision.reason)
    else if (decision.kind === 'start') toStart.push(accepted)
    else if (accepted.spawn !== null)
      runner.adopt(accepted, await adopt(accepted.spawn, accepted.order.timeLimitMs, parts))
  }
  runner.resume(toStart)
  if (left.length > 0) parts.log.warn(counts, 'found executions of an earlier runner')
}

async function adopt(spawn: SpawnFacts, timeLimitMs: number | null, { pipes, clock, log }: SettleParts) {
  const scratch = Buffer.allocUnsafeSlow(adoptedScratchBytes)
  let pipeName = spawn.pipeName
  let descriptor: number
  try {
    descriptor = pipes.openForReading(pipeName)
  } catch (error) {
    log.warn({ key: spawn.key, err: messageOf(error) }, 'the output of a command that was taken over cannot be read')
    // A pipe nobody writes to: the rest goes its usual way.
    await pipes.reserve(1)
    pipeName = pipes.take()
    descriptor = pipes.openForReading(pipeName)
  }
  const output = new CommandOutput(descriptor, adoptedOutputBytes, scratch)
  return new AdoptedCommand({ spawn: { ...spawn, pipeName }, output, timeLimitMs, stopGraceMs: adoptedGraceMs, clock })
}
