/**
 * From an accepted order to a running command, or to the reason why there is none.
 *
 * Easy to get wrong: the pipe's reading end is open before the launch is sent, or what a short command wrote is gone with it.
 */
import { closeSync } from 'node:fs'
import type { Clock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import { findSetpriv, findUser, readUserFiles } from '../system-user.ts'
import { CommandOutput } from './command-output.ts'
import type { AcceptedOrder } from './key-state.ts'
import { type LaunchPlan, planLaunch } from './launch-plan.ts'
import type { LiveCommand } from './live-command.ts'
import type { PipePool } from './pipe-pool.ts'
import { findMarkedProcesses, readProcess } from './process-table.ts'
import type { Hello } from './protocol.ts'
import { SpawnedCommand } from './spawned-command.ts'
import type { LaunchAnswer } from './spawner-process.ts'
import { machineMs } from './spawner-protocol.ts'
import type { Spawners } from './spawners.ts'

/** The machine is out of something for the moment; a later try may succeed. */
const shortages = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM'])
const inDoubtPollMs = 20
/** How long a process may take from its fork until it bears its mark. */
const inDoubtLimitMs = 2_000

export interface LaunchOptions {
  readonly accepted: AcceptedOrder
  readonly hello: Hello
  readonly startedAt: number
  /** With at least one pipe reserved. */
  readonly pipes: PipePool
  readonly spawners: Spawners
  readonly clock: Clock
  readonly scratch: Uint8Array
}

export type LaunchResult =
  | { readonly kind: 'spawned'; readonly command: LiveCommand }
  | { readonly kind: 'failed'; readonly reason: string; readonly isShortage: boolean }
  /** It may have run; nobody will know. */
  | { readonly kind: 'unknown'; readonly reason: string }

type Launchable = Extract<LaunchPlan, { kind: 'launch' }>

/** Has the command started with a pipe that was reserved. Resolves when the program runs or could not be run. */
export async function launchCommand(options: LaunchOptions): Promise<LaunchResult> {
  const plan = planOf(options)
  if (plan.kind === 'impossible')
    return { kind: 'failed', reason: `could not be started: ${plan.reason}`, isShortage: false }
  const { pipes, spawners } = options
  const pipeName = pipes.take()
  let reading: number
  try {
    reading = pipes.openForReading(pipeName)
  } catch (error) {
    pipes.release(pipeName)
    return failure((error as NodeJS.ErrnoException).code ?? '', messageOf(error), plan, options)
  }
  const { file, args, env, identity, outputOwner } = plan
  const answer = await spawners.launch({ file, args, env, identity, outputOwner, pipePath: pipes.pathOf(pipeName) })
  const result = await resultOf(answer, plan, { ...options, pipeName, reading })
  if (result.kind !== 'spawned') pipes.release(pipeName)
  return result
}

function planOf({ accepted, startedAt }: LaunchOptions): LaunchPlan {
  const { order, nodeName } = accepted
  const facts = { order, nodeName, startedAt, ownUid: process.getuid?.() ?? 0 }
  try {
    if (order.runAsUser === null) return planLaunch({ ...facts, user: null, setpriv: null })
    const user = findUser(readUserFiles(), order.runAsUser)
    return planLaunch({ ...facts, user, setpriv: findSetpriv() })
  } catch (error) {
    return { kind: 'impossible', reason: messageOf(error) }
  }
}

interface OpenedLaunch extends LaunchOptions {
  readonly pipeName: string
  /** The descriptor of its reading end. */
  readonly reading: number
}

async function resultOf(answer: LaunchAnswer, plan: Launchable, launch: OpenedLaunch): Promise<LaunchResult> {
  switch (answer.kind) {
    case 'spawned':
      return { kind: 'spawned', command: commandOf(answer, outputOf(launch), launch) }
    case 'in-doubt':
      return resultInDoubt(launch)
    case 'unsent':
      closeSync(launch.reading)
      return {
        kind: 'failed',
        reason: 'could not be started: the process that starts commands does not stay alive',
        isShortage: true,
      }
    case 'failed':
      closeSync(launch.reading)
      return failure(answer.code, answer.message, plan, launch)
  }
}

/** The spawner died over it. A command that runs bears its mark; one that holds the pipe without may soon. */
async function resultInDoubt(launch: OpenedLaunch): Promise<LaunchResult> {
  const { accepted, clock } = launch
  const output = outputOf(launch)
  let isHeld = true
  void output.ended.then(() => {
    isHeld = false
  })
  const endAtMs = clock.monotonicMs() + inDoubtLimitMs
  do {
    await clock.sleep(inDoubtPollMs)
    const pid = findMarkedProcesses(new Set([accepted.key])).get(accepted.key)
    if (pid === undefined) continue
    const startTicks = readProcess(pid)?.startTicks ?? ''
    const found = { pid, startTicks, atMs: machineMs(), exited: Promise.resolve(null) }
    return { kind: 'spawned', command: commandOf(found, output, launch) }
  } while (isHeld && clock.monotonicMs() < endAtMs)
  output.discard()
  return {
    kind: 'unknown',
    reason: 'outcome unknown: the spawner was killed in the moment in which it started the command',
  }
}

function outputOf({ reading, hello, scratch }: OpenedLaunch): CommandOutput {
  return new CommandOutput(reading, hello.outputLimitBytes, scratch)
}

function commandOf(
  { pid, startTicks, atMs, exited }: Omit<Extract<LaunchAnswer, { kind: 'spawned' }>, 'kind'>,
  output: CommandOutput,
  { accepted, hello, pipeName, clock }: OpenedLaunch,
): LiveCommand {
  return new SpawnedCommand({
    ...{ pid, startTicks, exited, output, pipeName, clock },
    startedAt: Math.round(clock.now() - (machineMs() - atMs)),
    startedAtMs: atMs,
    timeLimitMs: accepted.order.timeLimitMs,
    stopGraceMs: hello.stopGraceMs,
  })
}

function failure(code: string, message: string, { file }: Launchable, { hello }: LaunchOptions): LaunchResult {
  const causes: Readonly<Record<string, string>> = {
    ENOENT: `there is no program '${file}' (or no folder '${hello.workingDir}' to run it in)`,
    EACCES: `'${file}' may not be executed (or the folder '${hello.workingDir}' not be entered)`,
    EPERM: `'${file}' may not be executed by this agent`,
    E2BIG: 'the command and the environment are longer than the system allows',
    EAGAIN: 'the machine has too many processes',
    EMFILE: 'the runner has too many files open',
    ENFILE: 'the machine has too many files open',
    ENOMEM: 'the machine has no memory left',
  }
  return { kind: 'failed', reason: `could not be started: ${causes[code] ?? message}`, isShortage: shortages.has(code) }
}
