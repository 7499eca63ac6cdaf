/** Servers of a cluster die, freeze and come back while everything runs. LOSS_ROUNDS and LOSS_SEED change how often and which. */
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished, test } from 'vitest'
import { bucketWork, callWork, frameWork, leaseWork, orderWork, publishWork } from '../../test/engine/workload.ts'
import { eventually } from '../../test/harness/eventually.ts'
import { startNatsCluster, type TestClusterServer } from '../../test/harness/nats-cluster.ts'
import { silentLog } from '../core/log.ts'
import { openConnection } from './connection.ts'
import { listStreams, scaleStreams, waitForMetaGroup } from './topology.ts'

const rounds = Number(process.env.LOSS_ROUNDS ?? 3)
const seed = Number(process.env.LOSS_SEED ?? Math.floor(Math.random() * 1e9))
/** On a busy machine a follower takes its time. */
const patience = { withinMs: 120_000, signal: new AbortController().signal }

const faults = ['kill', 'freeze', 'stop'] as const
const targets = ['leader of frames', 'leader of the bucket', 'holder of a reader', 'server of a client'] as const

test(`servers that die, freeze and stop cost neither a change nor an order nor a frame (seed ${seed})`, async () => {
  const random = randomFrom(seed)
  await using cluster = await startNatsCluster()
  const open = async (name: string, auth = cluster.credentials) => {
    const first = cluster.server(name)
    const others = cluster.servers.filter((server) => server !== first)
    const url = [first, ...others].map((server) => server.url).join(',')
    const needsJetStream = auth === cluster.credentials
    const connection = await openConnection({ url, auth, name, log: silentLog, replicas: 3, needsJetStream })
    onTestFinished(() => connection.close())
    return connection
  }
  const [a, b, c] = [await open('n1'), await open('n2'), await open('n3')]
  const system = await open('n1', cluster.systemCredentials)
  await waitForMetaGroup(system, 3, patience)
  const works = [
    await bucketWork(a, [a, b, c]),
    await orderWork(b, c),
    await frameWork(c, a),
    await leaseWork([a, b, c]),
    callWork(a, b),
    await publishWork(b),
  ]
  const victimOf = async (target: (typeof targets)[number]): Promise<TestClusterServer> => {
    const manager = await a.manager()
    const leaderOf = (name: string) =>
      listStreams(a).then((streams) => streams.find((stream) => stream.name === name)?.leader ?? 'n1')
    if (target === 'leader of frames') return cluster.server(await leaderOf('FRAMES_loss'))
    if (target === 'leader of the bucket') return cluster.server(await leaderOf('KV_watched'))
    if (target === 'server of a client') return cluster.server('n2')
    for await (const consumer of manager.consumers.list('KV_watched'))
      return cluster.server(consumer.cluster?.leader || 'n1')
    return cluster.server('n3')
  }
  for (let round = 0; round < rounds; round += 1) {
    const target = targets[Math.floor(random() * targets.length)] ?? 'leader of frames'
    const fault = faults[round % faults.length] ?? 'kill'
    const victim = await victimOf(target)
    const awayMs = 500 + random() * 6_000
    console.log(`round ${round + 1}: ${fault} ${victim.name}, the ${target}, for ${awayMs.toFixed(0)} ms`)
    if (fault === 'freeze') victim.freeze()
    else await victim[fault]()
    await sleep(awayMs)
    if (fault === 'freeze') victim.thaw()
    else await victim.start()
    await waitForMetaGroup(system, 3, patience)
    await scaleStreams(a, 3, patience).catch(async (error: unknown) => {
      for (const server of cluster.servers) console.log(server.name, lastComplaints(await server.log()))
      throw error
    })
  }
  for (const work of works) {
    const startedMs = performance.now()
    await work.finish()
    console.log(`${work.name}: ${(performance.now() - startedMs).toFixed(0)} ms to the end`)
  }
  const areWhole = async () => (await listStreams(a)).every(({ isSettled }) => isSettled)
  await eventually(areWhole, 30_000, 'every copy of every stream has all')
}, 600_000)

function lastComplaints(log: string): string {
  const lines = log.split('\n').filter((line) => /\[(WRN|ERR)\]/.test(line) && !/route/i.test(line))
  return lines.slice(-15).join('\n')
}

/** Mulberry32: the same numbers for the same seed. */
function randomFrom(start: number): () => number {
  let state = start >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
