/**
 * The composition root: builds every part of an agent once, in order, and ends them in reverse.
 *
 * Easy to get wrong: an agent ends in one of two ways. It leaves (a signal, or the APIs' /leave): what runs may finish
 * within --leave-timeout. Or it dies: then NATS, the runner and its commands live on, and the next agent finds them.
 */
import { LeaderLoop } from '../cluster/leader-loop.ts'
import { leaveCluster } from '../cluster/leave.ts'
import type { LoadedSettings } from '../config/load-settings.ts'
import type { Settings } from '../config/options.ts'
import { systemClock } from '../core/clock.ts'
import { freeBytesOf } from '../core/disk-room.ts'
import type { Log } from '../core/log.ts'
import { Scope } from '../core/scope.ts'
import type { Member } from '../model/member.ts'
import { agentLog } from './agent-log.ts'
import { readApiTokens } from './api-tokens.ts'
import { openDataDirectory } from './data-directory.ts'
import { openForming } from './forming/open-forming.ts'
import { openNats } from './forming/open-nats.ts'
import { assertDistinct, assertNotExposed, assertPortFree } from './listen.ts'
import { routeAddress } from './node-addresses.ts'
import { openNodeLooks } from './node-looks.ts'
import { openApis } from './open-apis.ts'
import { nodeNameOf, openCluster } from './open-cluster.ts'
import { openReplication } from './open-replication.ts'
import { openScheduling } from './open-scheduling.ts'
import { version } from './version.ts'
import { answerMeanwhile } from './waiting-apis.ts'

/** Waits at least so long for another node to take over what this one's NATS server holds. */
const handOverMs = 60_000

/**
 * Runs until SIGTERM, SIGINT or a leave through an API.
 *
 * @throws what kept it from starting, with the cure; NodeNameTakenError when another node has its name
 */
export async function runAgent({ settings }: LoadedSettings): Promise<void> {
  assertDistinct(ownAddressesOf(settings))
  for (const [flag, name] of [['--http-addr', 'http-addr'] as const, ['--udup-addr', 'udup-addr'] as const]) {
    assertNotExposed(flag, settings[name], settings)
    await assertPortFree(flag, settings[name])
  }
  if (settings['api-token-file'] !== '') readApiTokens(settings['api-token-file'])
  const log = agentLog(settings['log-level'], { node: nodeNameOf(settings) })
  const ending = new AbortController()
  const signals = onSignals(() => ending.abort(new Error('told to stop')), log)
  try {
    await live(settings, ending, signals, log)
  } catch (error) {
    // Whoever waits for a cluster to join may be told to stop like anybody else.
    if (!signals.endsStart) throw error
  }
}

async function live(settings: Settings, ending: AbortController, signals: Signals, log: Log): Promise<void> {
  const { signal } = ending
  await using scope = new Scope()
  const directory = scope.use(openDataDirectory(settings['data-dir']), (opened) => opened.release())
  const { path: dataDir, nodeId } = directory
  const nodeName = nodeNameOf(settings)
  const opening = openNats(scope, settings, { dataDir, nodeId, nodeName, log, signal })
  const nats = await answerMeanwhile({ settings, nodeName, dataDir, clock: systemClock, log }, opening)
  const { connection, access, sealer: secrets, natsRole } = nats
  const cluster = { settings, nodeId, connection, natsRole, log, signal }
  const { membership, lease, clock, isKnownNode, reportLoad } = await openCluster(scope, cluster)
  const loadOf = (name: string) => membership.loadOf(name)
  const shared = { settings, connection, cluster: membership, clock, loadOf, log, signal }
  const confirmName = () => membership.confirmName()
  const scheduling = await openScheduling(scope, { ...shared, dataDir, confirmName })
  const looks = openNodeLooks(connection, nodeName, scheduling.executor, signal)
  const replication = await openReplication(scope, { ...shared, access, secrets, isKnownNode })
  reportLoad(() => ({
    ...{ running: scheduling.runningHere(), tasks: replication.taskCount },
    freeBytes: freeBytesOf(dataDir),
    refusesOrders: scheduling.refusesOrders(),
  }))
  const forming = await openForming(scope, {
    ...shared,
    ...nats,
    clock: systemClock,
    mostServers: settings['nats-servers'],
  })
  const duties = [...scheduling.duties, replication.placement, ...(forming === null ? [] : [forming.duty])]
  const leaderLoop = new LeaderLoop({
    ...{ lease, duties, clock: systemClock, log: log.child({ component: 'leader' }) },
    hears: () => membership.hears(),
  })
  const leading = leaderLoop.run(signal)
  // The first thing to end: whatever the parts still do, nothing new begins.
  scope.defer(() => {
    ending.abort(new Error('the agent ends'))
    return leading
  })

  const left = Promise.withResolvers<void>()
  const handOverWithinMs = Math.max(settings['leave-timeout'], handOverMs)
  /** @param isForGood it does not come back, so another node takes over what its NATS server holds */
  const leave = once((isForGood: boolean) => {
    let handedOver: Promise<void> | undefined
    const steps = {
      async markLeaving() {
        await membership.markLeaving(isForGood)
        if (isForGood) handedOver = forming?.handOver('working', handOverWithinMs)
      },
      stepDown: () => leaderLoop.stepDown(),
      drain: async (timeOver: AbortSignal) => {
        await Promise.all([scheduling.drain(settings['leave-timeout']), replication.drain(timeOver)])
      },
      async markLeft() {
        await handedOver
        if (isForGood) await forming?.handOver('done', handOverWithinMs)
        await membership.markLeft()
      },
    }
    leaveCluster(steps, settings['leave-timeout'], systemClock, log).then(() => left.resolve(), left.reject)
  })
  const leaveAndTell = async (): Promise<readonly Member[]> => {
    leave(true)
    return membership.members().map((member) => (member.nodeId === nodeId ? { ...member, status: 'leaving' } : member))
  }
  const term = () => lease.observed()
  await openApis(scope, { ...shared, node: nats.node, term, scheduling, looks, replication, leave: leaveAndTell })
  tellReady(log, settings)
  signals.redirect(() => leave(false))
  const nameLost = membership.nameLost.then((error) => {
    throw error
  })
  await Promise.race([left.promise, nameLost])
}

function once<Argument>(action: (argument: Argument) => void): (argument: Argument) => void {
  let isDone = false
  return (argument) => {
    if (isDone) return
    isDone = true
    action(argument)
  }
}

interface Signals {
  /** True when a signal came before anybody had asked for it by `redirect`. */
  readonly endsStart: boolean
  /** From now on the first signal calls this. */
  redirect(leave: () => void): void
}

/**
 * The first signal leaves in order; a second one does not wait any longer. Under nohup(1) a hang-up counts too: Node gives
 * every signal its default back when it starts (node.cc), so it would end us anyway.
 */
function onSignals(endStart: () => void, log: Log): Signals {
  let count = 0
  let endsStart = false
  let react = () => {
    endsStart = true
    endStart()
  }
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(name, () => {
      count += 1
      if (count > 1) process.exit(1)
      log.info({ signal: name }, 'told to stop')
      react()
    })
  }
  return {
    get endsStart() {
      return endsStart
    },
    redirect(leave) {
      react = leave
    },
  }
}

function ownAddressesOf(settings: Settings): Parameters<typeof assertDistinct>[0] {
  const apis = { '--http-addr': settings['http-addr'], '--udup-addr': settings['udup-addr'] }
  if (settings.nats !== 'embedded') return apis
  return { ...apis, '--nats-addr': settings['nats-addr'], '--nats-route-addr': routeAddress(settings) }
}

function tellReady(log: Log, settings: LoadedSettings['settings']): void {
  const url = (name: 'http-addr' | 'udup-addr') => `http://${settings[name].host}:${settings[name].port}/v1`
  log.info({ version, dkronApi: url('http-addr'), udupApi: url('udup-addr') }, 'agent is ready')
}
