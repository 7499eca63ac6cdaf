/** Jobs, placement and supervision together, on a store and processes in memory, with a clock that the test moves. */
import { expect, test } from 'vitest'
import { draftTask, jobDraft, member, taskReport } from '../../../test/doubles/replication-jobs.ts'
import { alpha, lonelyNode, recordsOf, World } from '../../../test/doubles/replication-world.ts'
import { SecretUnavailableError } from './errors.ts'
import type { TaskReportRecord } from './task-report-record.ts'

test('both tasks of a new job get a process, under the term that is recorded', async () => {
  const { world, node, job, source, target } = await lonelyNode()
  expect(source.spec).toEqual({ job, role: 'source', ownerTerm: await world.term('j1', 'source') })
  expect(target.spec.ownerTerm).toBe(await world.term('j1', 'target'))
  expect(node.status(job)).toMatchObject({ status: 'pending', description: expect.stringContaining('being started') })
})

test('a job runs when both tasks have told so, and its progress is there for every node', async () => {
  const { world, node, job, source, target } = await lonelyNode()
  const other = world.start(false, member('beta'), alpha)
  source.report(taskReport('source'))
  target.report(taskReport('target', { stage: 'full', tables: [table('a', 5, 10), table('b', 1, 2)] }))
  await world.pass()
  expect(node.status(job).status).toBe('running')
  expect(other.status(job).status).toBe('running')
  expect(other.progress.task(job, 'target')).toMatchObject({
    nodeId: alpha.nodeId,
    record: { nodeName: 'alpha', copied: { rowsDone: 6, rowsTotal: 12 }, report: { stage: 'full' } },
  })
})

test('a process that ends is started again, later each time, and always under a higher term', async () => {
  const { world, node, job } = await lonelyNode()
  const terms = [await world.term('j1', 'source')]
  for (const round of [1, 2, 3, 4, 5]) {
    node.launcher.running('source')[0]?.exit({ code: null, signal: 'SIGKILL' })
    await world.pass()
    expect(node.launcher.running('source')).toEqual([])
    const { status, description } = node.status(job)
    expect(status).toBe(round < 5 ? 'pending' : 'dead')
    expect(description).toMatch(round < 5 ? /retrying: .*alpha ended by SIGKILL/ : /ended 5 times in a row/)
    await world.pass(15_000)
    expect(node.launcher.running('source')).toHaveLength(1)
    terms.push(await world.term('j1', 'source'))
  }
  expect(terms).toEqual([...new Set(terms)].toSorted((a, b) => a - b))
  expect(node.launcher.running('target')).toHaveLength(1)
})

test('the first report of a new process ends what was said of the old one, but it is remembered', async () => {
  const { world, node, job, source, target } = await lonelyNode()
  target.report(taskReport('target'))
  source.exit({ code: 1, signal: null })
  await world.pass(1_000)
  node.launcher.running('source')[0]?.report(taskReport('source'))
  target.report(taskReport('target'))
  await world.pass(1_100)
  expect(node.status(job).status).toBe('running')
  const { record } = node.progress.task(job, 'source')
  expect(record?.report.problem).toBeNull()
  expect(record?.lastProblem).toMatchObject({
    code: 'REPL_TASK_ENDED',
    message: expect.stringContaining('exit status 1'),
  })
})

test('a pause stops both processes and keeps the terms, a resume starts them again above', async () => {
  const { world, node, job, source, target } = await lonelyNode()
  const before = await world.term('j1', 'target')
  await node.jobs.pause('j1')
  await world.pass()
  expect([source.stopped, target.stopped].map((stopped) => stopped?.forget)).toEqual([false, false])
  expect((await world.buckets.assignments.get('j1.target'))?.value).toMatchObject({ nodeId: null, ownerTerm: before })
  expect(node.status({ ...job, isPaused: true })).toMatchObject({ status: 'pause' })
  await node.jobs.resume('j1')
  await world.pass(1_000)
  expect(node.launcher.running('target')).toHaveLength(1)
  expect(await world.term('j1', 'target')).toBeGreaterThan(before)
})

test('a new definition restarts both tasks with it', async () => {
  const { world, node, source, target } = await lonelyNode()
  await node.jobs.save(jobDraft({ id: 'j1', source: draftTask('source', { parallelWorkers: 9 }) }))
  await world.pass()
  expect([source.hasExited, target.hasExited]).toEqual([true, true])
  expect(node.launcher.running('source').map((one) => one.spec.job.source.parallelWorkers)).toEqual([9])
  expect(node.launcher.running('target')).toHaveLength(1)
})

test('an update that changes nothing leaves the tasks alone', async () => {
  const { world, node, source } = await lonelyNode()
  await node.jobs.save(jobDraft({ id: 'j1' }))
  await world.pass(2_000)
  expect([source.hasExited, node.launcher.processes.length]).toEqual([false, 2])
})

test('a deleted job leaves no record and no stream, and its target is told to forget', async () => {
  const { world, node, source, target } = await lonelyNode()
  source.report(taskReport('source'))
  target.report(taskReport('target'))
  await world.pass()
  await node.jobs.remove('j1')
  await world.pass(1_000)
  expect([source.stopped?.forget, target.stopped?.forget]).toEqual([true, true])
  expect(new Set(world.removedStreams)).toEqual(new Set(['j1']))
  expect(await recordsOf(world)).toEqual([])
})

test('the stream of a job that is deleted while its node is dead is removed by the leader', async () => {
  const world = new World()
  const beta = member('beta')
  const leader = world.start(true, beta, alpha)
  const dying = world.start(false, alpha, beta)
  await leader.jobs.save(jobDraft({ id: 'j1', source: draftTask('source', { nodeId: alpha.nodeId }) }))
  await world.pass()
  dying.launcher.running('source')[0]?.report(taskReport('source'))
  await world.pass()
  await dying.end()
  await world.buckets.reports.update('j1.source', ...(await asIfRunning(world)))
  await leader.jobs.remove('j1')
  await world.pass(5_000)
  expect(world.removedStreams).toEqual([])
  await world.pass(15_000)
  expect(world.removedStreams).toEqual(['j1'])
  expect(await recordsOf(world)).toEqual([])
})

const elsewhereJob = {
  source: draftTask('source', { natsAddress: 'gone.example:4222' }),
  target: draftTask('target', { natsAddress: 'gone.example:4222' }),
}

test('a deleted job whose own NATS never answers keeps no other job from being placed', async () => {
  const world = new World()
  const node = world.start(true, alpha)
  await node.jobs.save(jobDraft({ id: 'gone', ...elsewhereJob, name: 'gone' }))
  await world.pass()
  world.elsewhere = () => new Promise(() => {})
  await node.jobs.pause('gone')
  await world.pass()
  await node.jobs.remove('gone')
  await world.pass(20_000)
  expect(world.removedStreams).toEqual(['gone'])
  await node.jobs.save(jobDraft({ id: 'next', name: 'next' }))
  await world.pass(2_000)
  expect(node.launcher.running('source').map(({ spec }) => spec.job.id)).toEqual(['next'])
})

test('the stream of a deleted job in a NATS that is gone is asked for a few times, then left there', async () => {
  const world = new World()
  const node = world.start(true, alpha)
  await node.jobs.save(jobDraft({ id: 'gone', ...elsewhereJob }))
  await node.jobs.pause('gone')
  await world.pass()
  world.elsewhere = () => Promise.reject(new Error('NATS does not answer'))
  await node.jobs.remove('gone')
  for (let minute = 0; minute < 10; minute += 1) await world.pass(60_000)
  expect(world.removedStreams).toEqual(Array(5).fill('gone'))
  expect(await recordsOf(world)).toEqual([])
})

test('a paused job that is deleted is forgotten by its target too, under a higher term', async () => {
  const { world, node, source } = await lonelyNode()
  source.report(taskReport('source'))
  await node.jobs.pause('j1')
  await world.pass(1_000)
  const lastTerm = await world.term('j1', 'target')
  await node.jobs.remove('j1')
  await world.pass(20_000)
  const last = node.launcher.processes.at(-1)
  expect(last?.spec).toMatchObject({ role: 'target', job: { id: 'j1' } })
  expect(last?.spec.ownerTerm).toBeGreaterThan(lastTerm)
  expect(last?.stopped?.forget).toBe(true)
  expect(world.removedStreams).toContain('j1')
  expect(await recordsOf(world)).toEqual([])
})

test('a job made again under the same id starts anew, with terms above the old ones', async () => {
  const { world, node } = await lonelyNode()
  const before = await world.term('j1', 'target')
  await node.jobs.remove('j1')
  await world.pass(20_000)
  await node.jobs.save(jobDraft({ id: 'j1' }))
  await world.pass(1_000)
  expect(node.launcher.running('target')).toHaveLength(1)
  expect(await world.term('j1', 'target')).toBeGreaterThan(before)
})

test('an agent that ends stops its processes and forgets nothing; the next one starts them again above', async () => {
  const { world, node, source, target } = await lonelyNode()
  const before = await world.term('j1', 'target')
  await node.end()
  expect([source.stopped?.forget, target.stopped?.forget]).toEqual([false, false])
  const next = world.start(true, alpha)
  await world.pass(1_000)
  expect(next.launcher.running('target')).toHaveLength(1)
  expect(await world.term('j1', 'target')).toBeGreaterThan(before)
})

test('with no node alive a job says so, and runs as soon as there is one', async () => {
  const world = new World()
  const node = world.start(true, { ...alpha, status: 'failed' })
  const { value: job } = await node.jobs.save(jobDraft())
  await world.pass()
  expect(node.status(job)).toEqual({
    status: 'pending',
    description:
      'no node can run the source task: alpha is failed; start one of them, or add a node (since 1970-01-01T00:16:40Z); ' +
      'no node can run the target task: alpha is failed; start one of them, or add a node (since 1970-01-01T00:16:40Z)',
  })
  await node.end()
  const healed = world.start(true, alpha)
  await world.pass(1_000)
  expect(healed.launcher.running('source')).toHaveLength(1)
})

test('a password that is missing on the node is told with its cure, and the task starts when it is there', async () => {
  const world = new World()
  const node = world.start(true, alpha)
  node.launcher.failure = new SecretUnavailableError('variable PW is not set on node alpha; set it')
  const { value: job } = await node.jobs.save(jobDraft())
  await world.pass()
  expect(node.status(job)).toEqual({ status: 'dead', description: 'variable PW is not set on node alpha; set it' })
  node.launcher.failure = null
  await world.pass(15_000)
  expect(node.launcher.running('source')).toHaveLength(1)
})

test('an error that is not ours is not shown, for it may hold anything', async () => {
  const world = new World()
  const node = world.start(true, alpha)
  node.launcher.failure = new Error('planted-secret')
  const { value: job } = await node.jobs.save(jobDraft())
  await world.pass()
  expect(node.status(job).status).toBe('dead')
  expect(JSON.stringify(await world.buckets.reports.list())).not.toContain('planted-secret')
})

test('a process that tells nothing for a minute is killed and replaced', async () => {
  const { world, node, job, source, target } = await lonelyNode()
  for (let second = 0; second < 59; second += 1) {
    target.report(taskReport('target'))
    await world.pass(1_000)
  }
  expect(source.hasExited).toBe(false)
  expect(node.status(job)).toMatchObject({
    status: 'pending',
    description: expect.stringMatching(/node alpha has told nothing of the source task for 5\d s/),
  })
  await world.pass(16_000)
  expect(source.stopped).toEqual({ timeoutMs: 0, forget: false })
  expect(node.launcher.running('source')).toHaveLength(1)
})

test('a migration ends complete: its processes end and are not started again', async () => {
  const world = new World()
  const node = world.start(true, alpha)
  const { value: job } = await node.jobs.save(jobDraft({ kind: 'migration' }))
  await world.pass()
  const [source, target] = [node.launcher.running('source')[0], node.launcher.running('target')[0]]
  source?.report(taskReport('source', { stage: 'complete' }))
  source?.exit({ code: 0, signal: null })
  target?.report(taskReport('target', { stage: 'complete' }))
  await world.pass(30_000)
  expect(node.status(job).status).toBe('complete')
  expect([source, target].map((one) => one?.hasExited)).toEqual([true, true])
  expect(node.launcher.processes).toHaveLength(2)
  await node.end()
  // A store in memory forgets reports when its server restarts.
  for (const { key } of await world.buckets.reports.list()) await world.buckets.reports.delete(key)
  const next = world.start(true, alpha)
  await world.pass(30_000)
  expect([next.status(job).status, next.launcher.processes.length]).toEqual(['complete', 0])
})

test('tasks of many jobs are spread over the nodes', async () => {
  const world = new World()
  const beta = member('beta')
  const one = world.start(true, alpha, beta)
  const two = world.start(false, beta, alpha)
  for (const name of ['a', 'b', 'c', 'd']) await one.jobs.save(jobDraft({ name }))
  await world.pass(1_000)
  expect([one.launcher.processes.length, two.launcher.processes.length]).toEqual([4, 4])
})

test('while the store refuses writes nothing is started unrecorded, and it heals', async () => {
  const world = new World()
  const node = world.start(true, alpha)
  await node.jobs.save(jobDraft())
  world.buckets.assignments.beforeWrite = () => {
    throw new SecretUnavailableError('the store is away')
  }
  await world.pass(5_000)
  expect(node.launcher.processes).toEqual([])
  world.buckets.assignments.beforeWrite = () => undefined
  await world.pass(20_000)
  expect(node.launcher.running('source')).toHaveLength(1)
})

function table(name: string, rowsDone: number, rowsTotal: number) {
  return { schema: 's', table: name, rowsDone, rowsTotal, bytesDone: 0, bytesTotal: 0, isDone: false }
}

/** The source's report as a node leaves it that dies without a word. */
async function asIfRunning(world: World): Promise<[TaskReportRecord, number]> {
  const held = await world.buckets.reports.get('j1.source')
  if (held === null) throw new Error('there is no report')
  return [{ ...held.value, isRunning: true }, held.revision]
}
