/** A machine whose clock is set by an hour, in a cluster whose other machines are right: nothing may come of it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { OddClock } from '../../cluster/node/odd-clock.ts'
import { type AgentsOnNats, startAgentsOnNats } from '../../harness/agents-on-nats.ts'
import { eventually } from '../../harness/eventually.ts'
import type { TestAgent } from '../../harness/millrace-agent.ts'
import { tempDir } from '../../harness/temp-dir.ts'

const hour = 3_600
const startedWithinMs = 5_000

interface ShownExecution {
  readonly scheduled_at: string
  readonly outcome: string
  readonly reason: string
  readonly started_at: string
}

interface OddCluster extends AsyncDisposable {
  readonly cluster: AgentsOnNats
  readonly clocks: readonly OddClock[]
  /** Where the commands write. */
  readonly folder: string
}

/** @param offsets how many seconds each machine's clock is wrong from the start */
async function startOddCluster(offsets: readonly number[]): Promise<OddCluster> {
  const folder = await tempDir('mr-clocks-')
  const clocks = offsets.map((offset, index) => {
    const clock = new OddClock(join(folder.path, `clock-${index}`))
    clock.setOffset(offset)
    return clock
  })
  OddClock.clearDead()
  const cluster = await startAgentsOnNats(offsets.length, (index) => ({
    env: { ...clocks[index]?.env },
    startWithinMs: 60_000,
  }))
  return {
    cluster,
    clocks,
    folder: folder.path,
    async [Symbol.asyncDispose]() {
      await cluster[Symbol.asyncDispose]()
      OddClock.clearDead()
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** Each fire leaves a line: its scheduled instant, and how long the machine has been up, which no clock changes. */
async function startTicking({ cluster, folder }: OddCluster): Promise<void> {
  const command = `echo "$MILLRACE_FIRE $(cut -d' ' -f1 /proc/uptime)" >> ${folder}/ticks`
  const job = { name: 'tick', schedule: '* * * * * *', command, shell: true, tags: { dkron_server: 'true:1' } }
  const [agent] = cluster.agents
  expect((await agent?.dkron('POST', '/v1/jobs', job))?.status).toBe(201)
}

/** Stops the ticking, and says what came of every second in between. */
async function stopTicking({ cluster, folder }: OddCluster) {
  const [agent] = cluster.agents
  if (agent === undefined) throw new Error('agents')
  const upSinceMs = Date.now() - Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1_000
  expect((await agent.dkron('POST', '/v1/jobs', { name: 'tick', disabled: true })).status).toBe(201)
  await sleep(2_000)
  const executions = await eventually(async () => {
    const shown = await executionsOf(agent)
    return shown.every(({ outcome }) => outcome !== 'running') ? shown : undefined
  }, 5_000)
  const ticks = readFileSync(join(folder, 'ticks'), 'utf8').trim().split('\n')
  const starts = ticks.map((line) => {
    const [fire = '', uptime = ''] = line.split(' ')
    return { fireMs: Date.parse(fire), startedMs: upSinceMs + Number(uptime) * 1_000 }
  })
  return { executions, starts }
}

async function executionsOf(agent: TestAgent): Promise<readonly ShownExecution[]> {
  return (await agent.dkron('GET', '/v1/executions/tick')).json as readonly ShownExecution[]
}

function assertEverySecondOnce({ executions, starts }: Awaited<ReturnType<typeof stopTicking>>): void {
  expect(executions.filter(({ outcome }) => outcome !== 'succeeded')).toEqual([])
  const fires = executions.map(({ scheduled_at }) => Date.parse(scheduled_at)).toSorted((a, b) => a - b)
  expect(fires).toEqual(fires.map((_, index) => (fires[0] ?? 0) + index * 1_000))
  expect(starts.map(({ fireMs }) => fireMs).toSorted((a, b) => a - b)).toEqual(fires)
  const lateness = starts.map(({ fireMs, startedMs }) => startedMs - fireMs)
  console.log(`${fires.length} fires, started ${Math.min(...lateness)} to ${Math.max(...lateness).toFixed(0)} ms late`)
  // /proc/uptime counts hundredths.
  expect(Math.min(...lateness)).toBeGreaterThan(-20)
  expect(Math.max(...lateness)).toBeLessThan(startedWithinMs)
}

test('clocks that jump by an hour, of the leader and of a follower, cost no fire, and none comes early, late or twice', async () => {
  const odd = await startOddCluster([0, 0, 0])
  onTestFinished(() => odd[Symbol.asyncDispose]())
  const { cluster, clocks } = odd
  await cluster.agreedLeader(10_000)
  await startTicking(odd)
  await sleep(2_000)
  for (const offset of [hour, -hour]) {
    for (const isLeader of [true, false]) {
      const leader = Number((await cluster.agreedLeader(5_000)).slice('node'.length)) - 1
      const clock = clocks[isLeader ? leader : (leader + 1) % 3]
      clock?.setOffset(offset)
      await sleep(5_000)
      clock?.setOffset(0)
      await sleep(3_000)
    }
  }
  assertEverySecondOnce(await stopTicking(odd))
  const log = cluster.agents.map((agent) => agent.log()).join('')
  expect(log).toContain('the clock of this machine is not believed')
  expect(log).not.toContain('the time was set')
}, 180_000)

test('an agent that starts with a wrong clock goes by the time of the others, as leader too', async () => {
  const odd = await startOddCluster([0, 0, 0])
  onTestFinished(() => odd[Symbol.asyncDispose]())
  const { cluster, clocks } = odd
  const [first, second, third] = cluster.agents
  if (first === undefined || second === undefined || third === undefined) throw new Error('agents')
  await third.stop()
  clocks[2]?.setOffset(-hour)
  await third.start()
  await startTicking(odd)
  const left: TestAgent[] = []
  while ((await cluster.agreedLeader(10_000, [third])) !== 'node3') {
    const leader = cluster.named(await cluster.agreedLeader(5_000, [third]))
    await leader.stop()
    left.push(leader)
  }
  await sleep(3_000)
  await Promise.all(left.map((agent) => agent.start()))
  await sleep(3_000)
  assertEverySecondOnce(await stopTicking(odd))
  expect(third.log()).toContain('the clock of this machine is not believed')
}, 180_000)
