/**
 * What exactly is executed for an order: program, arguments, what the environment gains, user.
 *
 * Easy to get wrong: the working directory stays the agent's, also for another user; cron would change to the
 * user's home. HOME says where that is.
 */
import { executionId, type StartOrder } from '../../model/execution.ts'
import { splitWords } from '../split-words.ts'
import type { SystemUser } from '../system-user.ts'

export interface LaunchFacts {
  readonly order: StartOrder
  readonly nodeName: string
  readonly startedAt: number
  readonly ownUid: number
  /** Null when the order names no user or the user does not exist. */
  readonly user: SystemUser | null
  /** Path of setpriv(1), or null when the machine has none. */
  readonly setpriv: string | null
}

export interface Identity {
  readonly uid: number
  readonly gid: number
}

export type LaunchPlan =
  | {
      readonly kind: 'launch'
      readonly file: string
      readonly args: readonly string[]
      /** Beside the agent's environment. */
      readonly env: Readonly<Record<string, string>>
      /** Null: no change of user by spawn itself. */
      readonly identity: Identity | null
      /** Who must be able to open the output by name, as in `echo >/dev/stderr`. Null: we ourselves. */
      readonly outputOwner: Identity | null
    }
  | { readonly kind: 'impossible'; readonly reason: string }

export function planLaunch(facts: LaunchFacts): LaunchPlan {
  const { order, user } = facts
  const argv = argvOf(order)
  if (argv.kind === 'invalid') return impossible(`the command ${argv.reason}`)
  if (order.runAsUser !== null && user === null)
    return impossible(`there is no user '${order.runAsUser}' on this machine`)
  const env = environmentOf(facts)
  const [file = '', ...args] = argv.words
  if (user === null || user.uid === facts.ownUid)
    return { kind: 'launch', file, args, env, identity: null, outputOwner: null }
  if (facts.ownUid !== 0) return impossible(`only an agent that runs as root can run commands as '${user.name}'`)
  const owner = { uid: user.uid, gid: user.gid }
  if (user.supplementaryGids.length === 0)
    return { kind: 'launch', file, args, env, identity: owner, outputOwner: owner }
  if (facts.setpriv === null)
    return impossible(`'${user.name}' is in several groups, which needs setpriv (package util-linux)`)
  const groups = [user.gid, ...user.supplementaryGids].join(',')
  const wrap = [`--reuid=${user.uid}`, `--regid=${user.gid}`, `--groups=${groups}`, '--', file, ...args]
  return { kind: 'launch', file: facts.setpriv, args: wrap, env, identity: null, outputOwner: owner }
}

function argvOf(order: StartOrder) {
  // A command that begins with a dash is no option of the shell.
  if (order.isShell)
    return { kind: 'words', words: ['/bin/sh', '-c', ...dashes(order.command), order.command] } as const
  return splitWords(order.command)
}

function dashes(command: string): readonly string[] {
  return /^[-+]/.test(command) ? ['--'] : []
}

function environmentOf(facts: LaunchFacts): Record<string, string> {
  const { order, user } = facts
  const env: Record<string, string> = {
    MILLRACE_JOB: order.jobName,
    MILLRACE_FIRE: new Date(order.scheduledAt ?? facts.startedAt).toISOString(),
    MILLRACE_EXECUTION: executionId(order, facts.nodeName),
  }
  if (user !== null) Object.assign(env, { HOME: user.home, USER: user.name, LOGNAME: user.name })
  return env
}

function impossible(reason: string): LaunchPlan {
  return { kind: 'impossible', reason }
}
