/** Tasks of jobs on several agents: when nodes die, freeze, leave and come back, and leaders change. */
import { expect, test } from 'vitest'
import { draftTask, jobDraft, member, taskReport } from '../../../test/doubles/replication-jobs.ts'
import { alpha, lonelyNode, World } from '../../../test/doubles/replication-world.ts'
import { assignmentOf } from './assignment.ts'
import { takenOverStatus } from './task-messages.ts'

test('the task of a node that died moves to another one, and its late process is fenced by its term', async () => {
  const world = new World()
  const beta = member('beta')
  const first = world.start(true, beta, alpha)
  const dying = world.start(false, alpha, beta)
  await first.jobs.save(jobDraft({ id: 'j1' }))
  await world.pass()
  const [orphan] = dying.launcher.running('source')
  expect(first.launcher.running('target')).toHaveLength(1)
  await first.end()
  const survivor = world.start(true, beta, { ...alpha, status: 'failed' })
  await world.pass(1_000)
  expect(survivor.launcher.running('source')[0]?.spec.ownerTerm).toBeGreaterThan(orphan?.spec.ownerTerm ?? 0)
  expect(survivor.launcher.running('target')).toHaveLength(1)
  expect(dying.launcher.running('source')).toEqual([])
})

test('a task that is fixed to a node that died waits for it and says since when; its process goes on where it lives', async () => {
  const world = new World()
  const beta = member('beta')
  const first = world.start(true, beta, alpha)
  const cutOff = world.start(false, alpha, beta)
  const { value: job } = await first.jobs.save(
    jobDraft({ id: 'j1', target: draftTask('target', { nodeId: alpha.nodeId }) }),
  )
  await world.pass()
  const [running] = cutOff.launcher.running('target')
  await first.end()
  const survivor = world.start(true, beta, { ...alpha, status: 'failed' })
  await world.pass(1_000)
  expect(survivor.status(job)).toMatchObject({
    status: 'pending',
    description: expect.stringMatching(/target task waits for its node alpha, which has failed; .* \(since 1970-/),
  })
  expect(survivor.launcher.running('target')).toEqual([])
  await survivor.end()
  world.start(true, beta, alpha)
  await world.pass(1_000)
  expect(cutOff.launcher.running('target')).toEqual([running])
  expect((await world.buckets.assignments.get('j1.target'))?.value.unplacedReason).toBeNull()
})

test('a task leaves a node that is leaving in order: its process ends before the next one begins', async () => {
  const world = new World()
  const beta = member('beta')
  const gamma = member('gamma')
  const first = world.start(true, beta, gamma, alpha)
  const leaving = world.start(false, alpha, beta, gamma)
  await first.jobs.save(jobDraft({ id: 'j1' }))
  await world.pass()
  const [process] = leaving.launcher.running('source')
  process?.report(taskReport('source'))
  await world.pass(500)
  const taskCounts: number[] = []
  process?.exited.then(() => taskCounts.push(next.launcher.running('source').length))
  await first.end()
  const drained = leaving.drain(new AbortController().signal)
  const next = world.start(true, gamma, beta, { ...alpha, status: 'leaving' })
  await world.pass(1_000)
  await drained
  expect(process?.stopped).toMatchObject({ forget: false })
  expect(taskCounts).toEqual([0])
  expect(leaving.taskCount).toBe(0)
  expect(next.launcher.running('source')).toHaveLength(1)
})

test('a task that is fixed to a node that left for good waits for nobody, and goes back when the node does', async () => {
  const world = new World()
  const beta = member('beta')
  const first = world.start(true, beta, alpha)
  const { value: job } = await first.jobs.save(
    jobDraft({ id: 'j1', target: draftTask('target', { nodeId: alpha.nodeId }) }),
  )
  await world.pass()
  await first.end()
  const survivor = world.start(true, beta, { ...alpha, status: 'left', leavesForGood: true })
  await world.pass(1_000)
  for (const role of ['source', 'target'] as const) survivor.launcher.running(role)[0]?.report(taskReport(role))
  await world.pass()
  expect(survivor.status(job)).toMatchObject({
    status: 'running',
    description: expect.stringMatching(
      /node alpha has left the cluster for good, so the cluster places the target task/,
    ),
  })
  await survivor.end()
  const back = world.start(false, alpha, beta)
  world.start(true, beta, alpha)
  await world.pass(5_000)
  expect(back.launcher.running('target')).toHaveLength(1)
  expect((await world.buckets.assignments.get('j1.target'))?.value.displaced).toBeNull()
})

test('a process that finds its task taken over ends without a word, and its node leaves the task alone', async () => {
  const { world, node, source } = await lonelyNode()
  source.report(taskReport('source'))
  await world.pass(2_000)
  await node.end()
  const cutOff = world.start(false, alpha)
  const { assignments, reports } = world.buckets
  await world.pass(1_000)
  const [stale] = cutOff.launcher.running('source')
  stale?.report(taskReport('source'))
  await world.pass(2_000)
  const told = await reports.get('j1.source')
  const held = await assignments.get('j1.source')
  await assignments.put('j1.source', assignmentOf({ ...held?.value, nodeId: 'id-of-beta', ownerTerm: 2 ** 50 }))
  stale?.exit({ code: takenOverStatus, signal: null })
  await world.pass(30_000)
  expect(cutOff.launcher.running('source')).toEqual([])
  expect(await reports.get('j1.source')).toEqual(told)
})

test('a process that finds a newer owner although its node has the task is started again, and the job says so', async () => {
  const { world, node, job, source } = await lonelyNode()
  source.exit({ code: takenOverStatus, signal: null })
  await world.pass()
  expect(node.status(job).description).toMatch(/source task on node alpha found a newer owner/)
  await world.pass(1_000)
  expect(node.launcher.running('source')[0]?.spec.ownerTerm).toBeGreaterThan(source.spec.ownerTerm)
})

test('a node acts on nothing that a leader wrote after it was replaced', async () => {
  const world = new World()
  const node = world.start(true, alpha)
  await world.pass()
  await node.end()
  const follower = world.start(false, alpha)
  const { assignments } = world.buckets
  await assignments.put('leader', assignmentOf({ leaderTerm: 9 }))
  const { value: job } = await follower.jobs.save(jobDraft({ id: 'j1' }))
  await assignments.create('j1.source', assignmentOf({ nodeId: alpha.nodeId, ownerTerm: 1, leaderTerm: 8 }))
  await world.pass(1_000)
  expect(follower.launcher.processes).toEqual([])
  expect(follower.status(job).status).toBe('pending')
  const held = await assignments.get('j1.source')
  await assignments.put('j1.source', assignmentOf({ ...held?.value, leaderTerm: 9 }))
  await world.pass(1_000)
  expect(follower.launcher.running('source')).toHaveLength(1)
})

test('any node tells the figures, statements and problems of a task that runs on another one', async () => {
  const world = new World()
  const beta = member('beta')
  const running = world.start(true, alpha)
  const other = world.start(false, beta, alpha)
  const { value: job } = await running.jobs.save(jobDraft({ id: 'j1' }))
  await world.pass()
  const [process] = running.launcher.running('target')
  const ddl = [{ at: 1_000, schema: 's', sql: 'DROP TABLE x', outcome: 'applied' as const }]
  const problem = { code: 'REPL_ROW_MISSING', message: 'a row is missing', remedy: 'operator', at: 2_000 } as const
  for (let seconds = 0; seconds < 6; seconds += 1) {
    process?.report(
      taskReport('target', { ddl, lagMs: 40 + seconds, rowsPerSecond: 3, problem: seconds < 3 ? problem : null }),
    )
    await world.pass(1_000)
  }
  for (const { journal } of [running, other]) {
    expect(journal.events(job)).toMatchObject({
      ddl,
      problems: [{ role: 'target', code: 'REPL_ROW_MISSING', isConflict: true, isCurrent: false }],
    })
    expect(journal.history('j1').rowsPerSecond).toContain(3)
  }
})
