/** From an accepted order to a running command, or to the reason why there is none. */
import type { Clock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import { findSetpriv, findUser, readUserFiles } from '../system-user.ts'
import type { AcceptedOrder } from './key-state.ts'
import { type LaunchPlan, planLaunch } from './launch-plan.ts'
import type { PipePool } from './pipe-pool.ts'
import type { Hello } from './protocol.ts'
import { type SpawnAnswer, spawnCommand } from './spawned-command.ts'

export interface LaunchOptions {
  readonly accepted: AcceptedOrder
  readonly hello: Hello
  readonly startedAt: number
  /** With at least one pipe reserved. */
  readonly pipes: PipePool
  readonly clock: Clock
  readonly scratch: Uint8Array
}

export async function launchCommand(options: LaunchOptions): Promise<SpawnAnswer> {
  const { accepted, hello } = options
  const plan = planOf(options)
  if (plan.kind === 'impossible')
    return { kind: 'failed', reason: `could not be started: ${plan.reason}`, isShortage: false }
  return spawnCommand({
    ...options,
    plan,
    timeLimitMs: accepted.order.timeLimitMs,
    workingDir: hello.workingDir,
    outputLimitBytes: hello.outputLimitBytes,
    stopGraceMs: hello.stopGraceMs,
  })
}

function planOf({ accepted, hello, startedAt }: LaunchOptions): LaunchPlan {
  const { order, nodeName } = accepted
  const facts = { order, nodeName, startedAt, env: hello.env, ownUid: process.getuid?.() ?? 0 }
  try {
    if (order.runAsUser === null) return planLaunch({ ...facts, user: null, setpriv: null })
    const user = findUser(readUserFiles(), order.runAsUser)
    return planLaunch({ ...facts, user, setpriv: findSetpriv() })
  } catch (error) {
    return { kind: 'impossible', reason: messageOf(error) }
  }
}
