/**
 * The composition root: builds every part of an agent once, in order, and ends them in reverse.
 *
 * Easy to get wrong: an agent ends in one of two ways. It leaves (a signal, or the APIs' /leave): what runs may finish
 * within --leave-timeout. Or it dies: then NATS, the runner and its commands live on, and the next agent finds them.
 */
import { LeaderLoop } from '../cluster/leader-loop.ts'
import { leaveCluster } from '../cluster/leave.ts'
import type { LoadedSettings } from '../config/load-settings.ts'
import { systemClock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { Scope } from '../core/scope.ts'
import type { Member } from '../model/member.ts'
import { agentLog } from './agent-log.ts'
import { readApiTokens } from './api-tokens.ts'
import { openDataDirectory } from './data-directory.ts'
import { openNats } from './forming/open-nats.ts'
import { assertDistinct, assertNotExposed, assertPortFree } from './listen.ts'
import { openApis } from './open-apis.ts'
import { nodeNameOf, openCluster } from './open-cluster.ts'
import { openReplication } from './open-replication.ts'
import { openScheduling } from './open-scheduling.ts'
import { version } from './version.ts'

/** Runs until SIGTERM, SIGINT or a leave through an API. @throws what kept it from starting, with the cure */
export async function runAgent({ settings }: LoadedSettings): Promise<void> {
  assertDistinct({
    '--http-addr': settings['http-addr'],
    '--udup-addr': settings['udup-addr'],
    ...(settings.nats === 'embedded' ? { '--nats-addr': settings['nats-addr'] } : {}),
  })
  for (const [flag, name] of [['--http-addr', 'http-addr'] as const, ['--udup-addr', 'udup-addr'] as const]) {
    assertNotExposed(flag, settings[name], settings)
    await assertPortFree(flag, settings[name])
  }
  if (settings['api-token-file'] !== '') readApiTokens(settings['api-token-file'])
  const log = agentLog(settings['log-level'], { node: nodeNameOf(settings) })
  const ending = new AbortController()
  const { signal } = ending
  await using scope = new Scope()
  const directory = scope.use(openDataDirectory(settings['data-dir']), (opened) => opened.release())
  const { path: dataDir, nodeId } = directory
  const nodeName = nodeNameOf(settings)
  const {
    connection,
    access,
    sealer: secrets,
    natsRole,
    node,
  } = await openNats(scope, settings, {
    ...{ dataDir, nodeId, nodeName, log, signal },
  })
  const cluster = { settings, nodeId, connection, natsRole, log, signal }
  const { membership, lease, clock, isKnownNode, reportLoad } = await openCluster(scope, cluster)
  const loadOf = (name: string) => membership.loadOf(name)
  const shared = { settings, connection, cluster: membership, clock, loadOf, log, signal }
  const scheduling = await openScheduling(scope, { ...shared, dataDir })
  const replication = await openReplication(scope, { ...shared, access, secrets, isKnownNode })
  reportLoad(() => ({ running: scheduling.runningHere(), tasks: replication.taskCount }))
  const duties = [...scheduling.duties, replication.placement]
  const leaderLoop = new LeaderLoop({ lease, duties, clock: systemClock, log: log.child({ component: 'leader' }) })
  const leading = leaderLoop.run(signal)
  // The first thing to end: whatever the parts still do, nothing new begins.
  scope.defer(() => {
    ending.abort(new Error('the agent ends'))
    return leading
  })

  const left = Promise.withResolvers<void>()
  const leave = once(() => {
    const steps = {
      markLeaving: () => membership.markLeaving(),
      stepDown: () => leaderLoop.stepDown(),
      drain: async (timeOver: AbortSignal) => {
        await Promise.all([scheduling.drain(settings['leave-timeout']), replication.drain(timeOver)])
      },
      markLeft: () => membership.markLeft(),
    }
    leaveCluster(steps, settings['leave-timeout'], systemClock, log).then(() => left.resolve(), left.reject)
  })
  const leaveAndTell = async (): Promise<readonly Member[]> => {
    leave()
    return membership.members().map((member) => (member.nodeId === nodeId ? { ...member, status: 'leaving' } : member))
  }
  const term = () => lease.observed()
  await openApis(scope, { ...shared, node, term, scheduling, replication, leave: leaveAndTell })
  tellReady(log, settings)
  onSignals(leave, log)
  await left.promise
}

function once(action: () => void): () => void {
  let isDone = false
  return () => {
    if (isDone) return
    isDone = true
    action()
  }
}

/**
 * The first signal leaves in order; a second one does not wait any longer. Under nohup(1) a hang-up counts too: Node gives
 * every signal its default back when it starts (node.cc), so it would end us anyway.
 */
function onSignals(leave: () => void, log: Log): void {
  let count = 0
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(name, () => {
      count += 1
      if (count > 1) process.exit(1)
      log.info({ signal: name }, 'told to stop')
      leave()
    })
  }
}

function tellReady(log: Log, settings: LoadedSettings['settings']): void {
  const url = (name: 'http-addr' | 'udup-addr') => `http://${settings[name].host}:${settings[name].port}/v1`
  log.info({ version, dkronApi: url('http-addr'), udupApi: url('udup-addr') }, 'agent is ready')
}
