/** Scheduled jobs on three real agents that are one cluster, as a client of the Dkron API meets them. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { silentLog } from '../../../src/core/log.ts'
import { openConnection } from '../../../src/engine/connection.ts'
import { readStream } from '../../../src/engine/stream-reader.ts'
import { eventually } from '../../harness/eventually.ts'
import {
  createJob,
  executionsOf,
  type ShownExecution,
  startNodes,
  type TestNode,
  type TestNodes,
} from '../../harness/nodes-on-nats.ts'
import { type TempDir, tempDir } from '../../harness/temp-dir.ts'

let cluster: TestNodes
let folder: TempDir
let one: TestNode
let two: TestNode
let three: TestNode

beforeAll(async () => {
  folder = await tempDir()
  cluster = await startNodes(3, (index) => [
    ...['--tag', 'pool=all', '--tag', `site=s${index + 1}`, '--history-limit', '1000'],
  ])
  ;[one, two, three] = cluster.nodes as [TestNode, TestNode, TestNode]
})

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]()
  await folder?.[Symbol.asyncDispose]()
})

async function finishedOf(node: TestNode, job: string, count: number, withinMs = 30_000) {
  return await eventually(async () => {
    const finished = (await executionsOf(node, job)).filter((execution) => execution.finished_at !== null)
    expect(finished.length, JSON.stringify(finished, null, 1)).toBeGreaterThanOrEqual(count)
    return finished
  }, withinMs)
}

async function counterOf(node: TestNode, job: string) {
  const { json } = await node.dkron('GET', `/v1/jobs/${job}`)
  const { success_count, error_count } = json as { success_count: number; error_count: number }
  return [success_count, error_count]
}

function othersThan(node: TestNode): readonly TestNode[] {
  return cluster.nodes.filter((other) => other !== node)
}

/** Each due second has exactly one record for each of the nodes, and at most one for the one that was away. */
function assertAccounted(executions: readonly ShownExecution[], away: TestNode): void {
  const ids = executions.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  const others = cluster.nodes.filter((node) => node !== away)
  assertComplete(
    executions.filter(({ node_name }) => node_name !== away.nodeName),
    others.map(({ nodeName }) => nodeName),
  )
}

/** Each due second has exactly one record for each of the nodes. */
function assertComplete(executions: readonly ShownExecution[], nodeNames: readonly string[]): void {
  const bySecond = Map.groupBy(executions, ({ scheduled_at }) => Date.parse(scheduled_at ?? '') / 1_000)
  const seconds = [...bySecond.keys()].toSorted((a, b) => a - b)
  const first = seconds[0] ?? 0
  expect(seconds).toEqual(seconds.map((_, index) => first + index))
  for (const [second, ofSecond] of bySecond) {
    const names = ofSecond.map(({ node_name }) => node_name).toSorted()
    expect(names, `second ${second}: ${JSON.stringify(ofSecond)}`).toEqual(nodeNames)
  }
}

/** The terms in the fire log, each with the seconds it recorded, in order. */
async function recordedTerms(): Promise<readonly { readonly term: number; readonly second: number }[]> {
  const connection = await openConnection({ url: cluster.nats.url, name: 'test', log: silentLog })
  const end = new AbortController()
  const found: { term: number; second: number }[] = []
  const options = { stream: 'FIRES', filter: 'fires.at', fromSequence: 0, signal: end.signal }
  for await (const event of readStream(connection, options)) {
    if (event.kind === 'caught-up') break
    if (event.kind !== 'message') continue
    const { headers } = event.message
    found.push({ term: Number(headers?.get('Millrace-Term')), second: Number(headers?.get('Millrace-Second')) })
  }
  end.abort()
  await connection.close()
  return found
}

describe('any node', () => {
  test('shows at once what another one stored, and deletes it for all', async () => {
    for (let round = 0; round < 20; round += 1) {
      const name = `shared-${round}`
      await createJob(one, { name, schedule: '@manually', command: 'true', owner: 'first' })
      expect((await two.dkron('GET', `/v1/jobs/${name}`)).json).toMatchObject({ owner: 'first' })
      await createJob(three, { name, owner: 'second' })
      expect((await two.dkron('GET', `/v1/jobs/${name}`)).json).toMatchObject({ owner: 'second' })
      expect((await one.dkron('DELETE', `/v1/jobs/${name}`)).status).toBe(200)
      expect((await two.dkron('GET', `/v1/jobs/${name}`)).status).toBe(404)
    }
  })

  test('runs a job where it belongs, shows its live output and stops it', async () => {
    await createJob(one, {
      name: 'far',
      schedule: '@manually',
      command: 'echo begun; sleep 300',
      shell: true,
      tags: { site: 's2' },
    })
    await three.dkron('POST', '/v1/jobs/far')
    const running = await eventually(
      async () => (await executionsOf(one, 'far')).find(({ output }) => output.includes('begun')),
      10_000,
    )
    expect(running).toMatchObject({ node_name: 'n2', finished_at: null })
    expect((await three.dkron('DELETE', `/v1/executions/far/${running.id}`)).status).toBe(200)
    const [ended] = await finishedOf(one, 'far', 1)
    expect(ended).toMatchObject({ outcome: 'failed', node_name: 'n2' })
    expect(ended?.reason).toMatch(/^stopped by request/)
  })

  test('spreads jobs of one node each evenly over all', async () => {
    await createJob(two, { name: 'spread', schedule: '@manually', command: 'sleep 4', tags: { pool: 'all:1' } })
    const callers = Array.from({ length: 30 }, (_, index) => cluster.nodes[index % 3] ?? one)
    for (const caller of callers) expect((await caller.dkron('POST', '/v1/jobs/spread')).status).toBe(200)
    const finished = await finishedOf(one, 'spread', 30, 40_000)
    const counts = [...Map.groupBy(finished, ({ node_name }) => node_name).values()].map(({ length }) => length)
    expect(counts).toHaveLength(3)
    for (const count of counts) expect(count).toBeGreaterThanOrEqual(6)
  })
})

describe('overlap', () => {
  const intervals = (finished: readonly ShownExecution[]) =>
    finished
      .filter(({ outcome }) => outcome === 'succeeded')
      .map(({ started_at, finished_at }) => [Date.parse(started_at), Date.parse(finished_at ?? '')] as const)
      .toSorted(([a], [b]) => a - b)

  test('a job that forbids it never runs twice anywhere, and each fire has its record', async () => {
    await createJob(one, {
      name: 'alone',
      schedule: '* * * * * *',
      command: 'sleep 2.2',
      shell: true,
      tags: { pool: 'all:1' },
      concurrency: 'forbid',
    })
    await createJob(one, { name: 'beside', schedule: '* * * * * *', command: 'true', tags: { site: 's1' } })
    await finishedOf(two, 'alone', 12)
    await two.dkron('PATCH', '/v1/jobs', { name: 'alone', disabled: true })
    await two.dkron('PATCH', '/v1/jobs', { name: 'beside', disabled: true })
    await sleep(3_000)
    const finished = await executionsOf(three, 'alone')
    const ran = intervals(finished)
    expect(ran.length).toBeGreaterThanOrEqual(3)
    for (const [index, [startedAt]] of ran.slice(1).entries())
      expect(startedAt).toBeGreaterThanOrEqual(ran[index]?.[1] ?? 0)
    const skipped = finished.filter(({ outcome }) => outcome === 'skipped')
    expect(skipped.length).toBeGreaterThanOrEqual(3)
    for (const { reason } of skipped)
      expect(reason).toMatch(/^not started: (the earlier execution \d+-1-n\d .*node "n\d"|an earlier execution)/)
    const seconds = finished.map(({ scheduled_at }) => scheduled_at)
    expect(new Set(seconds).size).toBe(seconds.length)
    assertComplete(await executionsOf(three, 'beside'), ['n1'])
  })

  test('of run-nows on every node at once one runs, and the others say what ran', async () => {
    await createJob(one, {
      name: 'one-at-a-time',
      schedule: '@manually',
      command: 'sleep 2',
      tags: { pool: 'all:1' },
      concurrency: 'forbid',
    })
    const answers = await Promise.all(cluster.nodes.map((node) => node.dkron('POST', '/v1/jobs/one-at-a-time')))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    const finished = await finishedOf(two, 'one-at-a-time', 3)
    expect(finished.map(({ outcome }) => outcome).toSorted()).toEqual(['skipped', 'skipped', 'succeeded'])
  })

  test('within one fire on several nodes nothing is in the way', async () => {
    await createJob(one, { name: 'everywhere', schedule: '@manually', command: 'sleep 1', concurrency: 'forbid' })
    await two.dkron('POST', '/v1/jobs/everywhere')
    const finished = await finishedOf(three, 'everywhere', 3)
    expect(finished.map(({ node_name, outcome }) => [node_name, outcome]).toSorted()).toEqual([
      ['n1', 'succeeded'],
      ['n2', 'succeeded'],
      ['n3', 'succeeded'],
    ])
  })
})

describe('retries', () => {
  test('what fails is tried again on its node, with a delay that doubles, until it succeeds', async () => {
    const tries = join(folder.path, 'tries')
    await createJob(one, {
      name: 'third-time',
      schedule: '@manually',
      command: `echo x >> ${tries}; test $(wc -l < ${tries}) -ge 3`,
      shell: true,
      tags: { pool: 'all:1' },
      retries: 5,
      retry_delay: '500ms',
    })
    await two.dkron('POST', '/v1/jobs/third-time')
    const finished = await finishedOf(three, 'third-time', 3)
    await sleep(2_500)
    expect(await executionsOf(one, 'third-time')).toHaveLength(3)
    expect(finished.map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
      [1, 'failed'],
      [2, 'failed'],
      [3, 'succeeded'],
    ])
    expect(new Set(finished.map(({ node_name }) => node_name)).size).toBe(1)
    expect(new Set(finished.map(({ group }) => group)).size).toBe(1)
    const pauses = finished
      .slice(1)
      .map((execution, index) => Date.parse(execution.started_at) - Date.parse(finished[index]?.finished_at ?? ''))
    expect(pauses[0]).toBeGreaterThanOrEqual(500)
    expect(pauses[1]).toBeGreaterThanOrEqual(1_000)
    expect(await counterOf(two, 'third-time')).toEqual([1, 2])
  })

  test('there are as many as the job says, and none once it is disabled or was stopped by request', async () => {
    const job = { schedule: '@manually', command: 'false', tags: { site: 's1' }, retry_delay: '300ms' }
    await createJob(one, { name: 'twice', ...job, retries: 1 })
    await createJob(one, { name: 'given-up', ...job, retries: 50, retry_delay: '1s' })
    await createJob(one, { name: 'stopped', ...job, command: 'sleep 100', retries: 3 })
    for (const name of ['twice', 'given-up', 'stopped']) await two.dkron('POST', `/v1/jobs/${name}`)
    await finishedOf(one, 'given-up', 1)
    await createJob(three, { name: 'given-up', disabled: true })
    const running = await eventually(async () => (await executionsOf(three, 'stopped')).at(0), 10_000)
    await three.dkron('DELETE', `/v1/executions/stopped/${running.id}`)
    await finishedOf(three, 'twice', 2)
    await sleep(3_000)
    const counts = await Promise.all(
      ['twice', 'given-up', 'stopped'].map(async (name) => (await executionsOf(three, name)).length),
    )
    expect(counts).toEqual([2, 1, 1])
  })

  test('a change of leader neither loses a retry nor makes two', async () => {
    const starts = join(folder.path, 'retry-starts')
    const leader = await cluster.leader()
    const [other] = othersThan(leader)
    if (other === undefined) throw new Error('there are three')
    await createJob(other, {
      name: 'over-a-change',
      schedule: '@manually',
      command: `echo x >> ${starts}; false`,
      shell: true,
      tags: { site: `s${other.nodeName.slice(1)}` },
      retries: 1,
      retry_delay: '3s',
    })
    await other.dkron('POST', '/v1/jobs/over-a-change')
    await finishedOf(other, 'over-a-change', 1)
    await sleep(500)
    await leader.kill()
    const finished = await finishedOf(other, 'over-a-change', 2)
    await leader.start()
    await sleep(4_000)
    expect(finished.map(({ attempt }) => attempt)).toEqual([1, 2])
    expect(await executionsOf(leader, 'over-a-change')).toHaveLength(2)
    expect(readFileSync(starts, 'utf8')).toBe('x\nx\n')
  })
})

describe('a leader that stands still', () => {
  test('is replaced, writes nothing afterwards, and every second has one execution on each chosen node', async () => {
    await createJob(one, {
      name: 'steady',
      schedule: '* * * * * *',
      command: `echo $MILLRACE_EXECUTION >> ${join(folder.path, 'steady')}`,
      shell: true,
    })
    await finishedOf(one, 'steady', 6)
    const old = await cluster.leader()
    process.kill(old.pid, 'SIGSTOP')
    await sleep(5_000)
    process.kill(old.pid, 'SIGCONT')
    await sleep(4_000)
    const [other] = othersThan(old)
    if (other === undefined) throw new Error('there are three')
    await createJob(other, { name: 'steady', disabled: true })
    await sleep(3_000)
    const finished = await executionsOf(other, 'steady')
    assertAccounted(finished, old)
    const started = readFileSync(join(folder.path, 'steady'), 'utf8').trim().split('\n')
    expect(new Set(started).size).toBe(started.length)
    const ran = finished.filter(({ outcome }) => outcome === 'succeeded')
    expect(started.toSorted()).toEqual(ran.map(({ id }) => id).toSorted())
    const terms = (await recordedTerms()).map(({ term }) => term)
    expect(terms).toEqual(terms.toSorted((a, b) => a - b))
    expect(new Set(terms).size).toBeGreaterThan(1)
  })

  test('a leader that is killed is replaced within seconds, and nothing that was due is lost', async () => {
    await createJob(one, { name: 'through', schedule: '* * * * * *', command: 'true' })
    await finishedOf(one, 'through', 6)
    const old = await cluster.leader()
    await old.kill()
    const killedAt = Date.now()
    const [other, another] = othersThan(old)
    if (other === undefined || another === undefined) throw new Error('there are three')
    const seen = (await executionsOf(other, 'through')).length
    await eventually(async () => (await executionsOf(other, 'through')).length > seen + 4, 15_000)
    console.log(`fires again ${Date.now() - killedAt} ms after the leader was killed`)
    await old.start()
    await sleep(2_500)
    await createJob(other, { name: 'through', disabled: true })
    await sleep(3_000)
    const finished = await executionsOf(another, 'through')
    assertAccounted(finished, old)
  })
})

describe('a node that is cut off', () => {
  test('runs on, delivers its results later, and each is recorded once', async () => {
    const leader = await cluster.leader()
    const [cut] = othersThan(leader)
    if (cut === undefined) throw new Error('there are three')
    const starts = join(folder.path, 'cut-off')
    await createJob(leader, {
      name: 'cut-off',
      schedule: '@manually',
      command: `echo $MILLRACE_EXECUTION >> ${starts}; sleep 2; echo done`,
      shell: true,
      tags: { site: `s${cut.nodeName.slice(1)}` },
    })
    for (let run = 0; run < 5; run += 1) await leader.dkron('POST', '/v1/jobs/cut-off')
    await eventually(async () => (await executionsOf(leader, 'cut-off')).length === 5, 10_000)
    cut.link.cut()
    await eventually(async () => {
      const { json } = await leader.dkron('GET', '/v1/members')
      return (json as { Name: string; Status: number }[]).some(
        ({ Name, Status }) => Name === cut.nodeName && Status === 4,
      )
    }, 15_000)
    expect((await leader.dkron('POST', '/v1/jobs/cut-off')).status).toBe(200)
    cut.link.mend()
    const finished = await finishedOf(leader, 'cut-off', 6)
    expect(finished.filter(({ outcome, output }) => outcome === 'succeeded' && output === 'done\n')).toHaveLength(5)
    expect(finished.filter(({ outcome }) => outcome === 'unplaced')).toHaveLength(1)
    expect(new Set(finished.map(({ id }) => id)).size).toBe(6)
    expect(readFileSync(starts, 'utf8').trim().split('\n')).toHaveLength(5)
    await eventually(async () => {
      expect(await counterOf(cut, 'cut-off')).toEqual([5, 1])
      return true
    }, 15_000)
  })

  test('the leader, cut off alone, fires nothing, and another one fires everything once', async () => {
    const starts = join(folder.path, 'cut-leader')
    await createJob(one, {
      name: 'cut-leader',
      schedule: '* * * * * *',
      command: `echo $MILLRACE_EXECUTION >> ${starts}`,
      shell: true,
      tags: { pool: 'all:1' },
    })
    await finishedOf(one, 'cut-leader', 4)
    const old = await cluster.leader()
    old.link.cut()
    await sleep(8_000)
    old.link.mend()
    await sleep(3_000)
    const [other] = othersThan(old)
    if (other === undefined) throw new Error('there are three')
    await eventually(
      async () => (await createJob(other, { name: 'cut-leader', disabled: true })) === undefined || true,
      10_000,
    )
    await sleep(3_000)
    const finished = await executionsOf(other, 'cut-leader')
    const seconds = finished.map(({ scheduled_at }) => Date.parse(scheduled_at ?? '') / 1_000).toSorted((a, b) => a - b)
    expect(seconds).toEqual(seconds.map((_, index) => (seconds[0] ?? 0) + index))
    const started = readFileSync(starts, 'utf8').trim().split('\n')
    expect(new Set(started).size).toBe(started.length)
    const terms = (await recordedTerms()).map(({ term }) => term)
    expect(terms).toEqual(terms.toSorted((a, b) => a - b))
  })
})

describe('when nobody is there for a while', () => {
  test('each job makes up or records as missed what it asks for, once', async () => {
    const base = { schedule: '* * * * * *', command: 'true', tags: { pool: 'all:1' } }
    const jobs = {
      all: { ...base, catchup: 'all' },
      last: { ...base, catchup: 'last' },
      none: { ...base, catchup: 'none' },
      late: { ...base, late_limit: '3s' },
    }
    for (const [name, job] of Object.entries(jobs)) await createJob(one, { name: `silent-${name}`, ...job })
    await finishedOf(one, 'silent-all', 3)
    await Promise.all(cluster.nodes.map((node) => node.kill()))
    await sleep(7_000)
    await Promise.all(cluster.nodes.map((node) => node.start()))
    await finishedOf(two, 'silent-all', 14, 60_000)
    for (const name of Object.keys(jobs)) await createJob(two, { name: `silent-${name}`, disabled: true })
    await sleep(3_000)
    const outcomes = new Map<string, readonly string[]>()
    for (const name of Object.keys(jobs)) {
      const executions = await executionsOf(three, `silent-${name}`)
      const seconds = executions
        .map(({ scheduled_at }) => Date.parse(scheduled_at ?? '') / 1_000)
        .toSorted((a, b) => a - b)
      expect(seconds, name).toEqual(seconds.map((_, index) => (seconds[0] ?? 0) + index))
      for (const { outcome, reason } of executions) expect(outcome !== 'missed' || reason !== '').toBe(true)
      outcomes.set(
        name,
        executions.map(({ outcome }) => outcome),
      )
    }
    expect(new Set(outcomes.get('all'))).toEqual(new Set(['succeeded']))
    for (const name of ['last', 'none', 'late']) expect(outcomes.get(name)).toContain('missed')
  })
})

describe('a node that is gone', () => {
  test('its executions are lost, tried again elsewhere, and told truly when it comes back', async () => {
    const leader = await cluster.leader()
    const [gone, cutOff] = othersThan(leader)
    if (gone === undefined || cutOff === undefined) throw new Error('there are three')
    const siteOf = (node: TestNode) => `s${node.nodeName.slice(1)}`
    const retried = join(folder.path, 'retried')
    await createJob(leader, {
      name: 'dies',
      schedule: '@manually',
      command: `echo $MILLRACE_EXECUTION >> ${retried}; sleep 60`,
      shell: true,
      tags: { site: `${siteOf(gone)}|${siteOf(leader)}:1` },
      retries: 1,
    })
    await createJob(leader, {
      name: 'lives',
      schedule: '@manually',
      command: 'sleep 5; echo done',
      shell: true,
      tags: { site: siteOf(cutOff) },
    })
    await eventually(async () => {
      await leader.dkron('POST', '/v1/jobs/dies')
      await sleep(500)
      return (await executionsOf(leader, 'dies')).some(({ node_name }) => node_name === gone.nodeName)
    }, 20_000)
    await leader.dkron('POST', '/v1/jobs/lives')
    await eventually(async () => (await executionsOf(leader, 'lives')).length === 1, 10_000)
    await gone.die()
    await cutOff.kill()
    const lost = await eventually(async () => {
      const executions = await executionsOf(leader, 'lives')
      return executions.find(({ outcome }) => outcome === 'lost')
    }, 60_000)
    expect(lost).toMatchObject({ success: false, node_name: cutOff.nodeName })
    expect(lost.reason).toMatch(/^node "n\d" is gone since 2/)
    expect(await counterOf(leader, 'lives')).toEqual([0, 1])
    const again = await eventually(async () => {
      const executions = await executionsOf(leader, 'dies')
      return executions.find(({ attempt }) => attempt === 2)
    }, 20_000)
    expect(again).toMatchObject({ node_name: leader.nodeName, outcome: 'running' })
    await Promise.all([gone.start(), cutOff.start()])
    const [ended] = await eventually(async () => {
      const executions = await executionsOf(gone, 'lives')
      return executions.every(({ outcome }) => outcome === 'succeeded') && executions
    }, 30_000)
    expect(ended).toMatchObject({ id: lost.id, output: 'done\n', success: true })
    await eventually(async () => {
      expect(await counterOf(gone, 'lives')).toEqual([1, 0])
      return true
    }, 10_000)
    const ofGone = await eventually(async () => {
      const executions = await executionsOf(leader, 'dies')
      return executions.find(({ node_name, outcome }) => node_name === gone.nodeName && outcome === 'unknown')
    }, 30_000)
    expect(ofGone.attempt).toBe(1)
    const executions = await executionsOf(leader, 'dies')
    expect(new Set(executions.map(({ id }) => id)).size).toBe(executions.length)
    const starts = readFileSync(retried, 'utf8').trim().split('\n')
    expect(new Set(starts).size).toBe(starts.length)
    expect(existsSync(retried)).toBe(true)
  })
})
