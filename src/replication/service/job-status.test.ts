import { expect, test } from 'vitest'
import { replicationJob, reportRecord } from '../../../test/doubles/replication-jobs.ts'
import type { TaskProblem } from '../task-context.ts'
import { type Assignment, assignmentOf } from './assignment.ts'
import { jobStatus, type StatusFacts, type TaskFacts } from './job-status.ts'
import type { TaskReportRecord } from './task-report-record.ts'

const placed: Assignment = assignmentOf({ nodeId: 'id-of-alpha', ownerTerm: 7 })
const nowhere: Assignment = { ...placed, nodeId: null }

function facts(role: 'source' | 'target', change: Partial<TaskFacts> = {}): TaskFacts {
  return { assignment: placed, record: reportRecord(role), silentMs: 900, ...change }
}

function problem(remedy: TaskProblem['remedy'], message = 'server down'): TaskProblem {
  return { code: 'X', message, remedy, at: 4_000 }
}

type Change = { job?: Partial<StatusFacts['job']>; source?: Partial<TaskFacts>; target?: Partial<TaskFacts> }

function record(
  role: 'source' | 'target',
  ...changes: Parameters<typeof reportRecord> extends [unknown, ...infer R] ? R : never
): {
  record: TaskReportRecord
} {
  return { record: reportRecord(role, ...changes) }
}

test.each<[string, Change, string, RegExp]>([
  ['both at work', {}, 'running', /^source at work; target at work$/],
  ['not placed yet', { source: { assignment: null } }, 'pending', /source task waits for the cluster's leader/],
  [
    'unplaceable, with the reason',
    { target: { assignment: { ...nowhere, unplacedReason: 'no node can run it: alpha is failed' } } },
    'pending',
    /^no node can run it: alpha is failed$/,
  ],
  [
    'waiting for its fixed node, and since when',
    { source: { assignment: { ...placed, unplacedReason: 'waits for its node alpha', unplacedSince: 1_000 } } },
    'pending',
    /^waits for its node alpha \(since 1970-01-01T00:00:01Z\)$/,
  ],
  [
    'at work elsewhere than on its fixed node',
    { source: { assignment: { ...placed, displaced: 'node beta has left the cluster for good' } } },
    'running',
    /^source at work \(node beta has left the cluster for good\); target at work$/,
  ],
  ['placed, nothing told yet', { target: { record: null } }, 'pending', /target task is being started/],
  [
    'told only under an older definition',
    { source: record('source', {}, { definition: { createdAt: 1_000, updatedAt: 1_500 } }) },
    'pending',
    /source task is being started/,
  ],
  [
    'told by the node it was on before',
    { source: record('source', {}, { nodeId: 'other' }) },
    'pending',
    /being started/,
  ],
  [
    'starting',
    { target: record('target', { stage: 'starting', description: 'connecting' }) },
    'pending',
    /^connecting$/,
  ],
  [
    'copying',
    { target: record('target', { stage: 'full', description: 'copying shop.a' }) },
    'running',
    /copying shop\.a/,
  ],
  [
    'a task whose node went silent is not running',
    { target: { silentMs: 10_001 } },
    'pending',
    /^node alpha has told nothing of the target task for 10 s/,
  ],
  [
    'a task that is being started may take longer to tell',
    {
      target: {
        ...record('target', { stage: 'starting', description: 'the target task is being started' }),
        silentMs: 29_000,
      },
    },
    'pending',
    /^the target task is being started$/,
  ],
  ['ten seconds are not silence', { target: { silentMs: 10_000 } }, 'running', /./],
  [
    'a copy that moves nothing is not running',
    { target: record('target', { stage: 'full', description: 'copying' }, { unmovedMs: 61_000 }) },
    'pending',
    /target task has moved nothing for 61 s \(copying\); check that target\.example:3306 answers/,
  ],
  [
    'a stream that falls behind and moves nothing is not running',
    { target: record('target', { lagMs: 90_000 }, { unmovedMs: 61_000 }) },
    'pending',
    /moved nothing/,
  ],
  [
    'a stream with nothing to do is running',
    { target: record('target', { lagMs: 40 }, { unmovedMs: 9e6 }) },
    'running',
    /./,
  ],
  [
    'a stream that moved a while ago is running',
    { target: record('target', { lagMs: 90_000 }, { unmovedMs: 45_000 }) },
    'running',
    /./,
  ],
  [
    'a target that rests because its source is away is not what is told',
    {
      source: record('source', { problem: problem('retry', 'nothing comes from source.example:3306') }),
      target: record('target', { lagMs: 90_000 }, { unmovedMs: 61_000 }),
    },
    'pending',
    /^retrying: nothing comes from source\.example:3306$/,
  ],
  ['a stream that is late but moves is running', { target: record('target', { lagMs: 90_000 }) }, 'running', /./],
  [
    'a fault that heals',
    { source: record('source', { problem: problem('retry') }) },
    'pending',
    /^retrying: source source\.example:3306: server down$/,
  ],
  [
    'a message that names its server is left as it is',
    { source: record('source', { problem: problem('retry', 'source.example:3306 refused') }) },
    'pending',
    /^retrying: source\.example:3306 refused$/,
  ],
  [
    'what one task says of the other server, said by both',
    {
      source: record('source', { problem: problem('retry', 'target.example:3306 is down') }),
      target: record('target', { problem: problem('retry', 'target.example:3306 is down') }),
    },
    'pending',
    /^retrying: target\.example:3306 is down$/,
  ],
  ...(['operator', 'fix-request', 'bug'] as const).map((remedy): [string, Change, string, RegExp] => [
    `a fault of remedy ${remedy}`,
    { target: record('target', { problem: problem(remedy) }) },
    'dead',
    /^target target\.example:3306: server down$/,
  ]),
  [
    'what needs somebody comes before what heals',
    {
      source: record('source', { problem: problem('retry', 'target does not answer') }),
      target: record('target', { problem: problem('operator', 'no privilege') }),
    },
    'dead',
    /^target target\.example:3306: no privilege$/,
  ],
  [
    'paused',
    { job: { isPaused: true }, source: { assignment: nowhere }, target: { assignment: nowhere } },
    'pause',
    /resume/,
  ],
  ['paused, still stopping', { job: { isPaused: true } }, 'pause', /the source and the target task is being stopped/],
  [
    'paused while something was wrong',
    { job: { isPaused: true }, source: record('source', { problem: problem('operator') }, { isRunning: false }) },
    'pause',
    /paused/,
  ],
  [
    'a migration that is done',
    { job: { kind: 'migration' }, target: record('target', { stage: 'complete' }) },
    'complete',
    /./,
  ],
  [
    'a migration that is done, of whose report nobody knows any more',
    {
      job: { kind: 'migration' },
      target: { assignment: { ...nowhere, completed: { createdAt: 1_000, updatedAt: 2_000 } }, record: null },
    },
    'complete',
    /./,
  ],
  [
    'a migration that was done under another definition',
    {
      job: { kind: 'migration' },
      target: record('target', { stage: 'complete' }, { definition: { createdAt: 1, updatedAt: 2 } }),
    },
    'pending',
    /being started/,
  ],
  ['only a migration completes', { target: record('target', { stage: 'complete' }) }, 'running', /./],
])('%s', (_name, { job, source, target }, status, description) => {
  const found = jobStatus({
    job: replicationJob(job),
    tasks: { source: facts('source', source), target: facts('target', target) },
  })
  expect(found.status).toBe(status)
  expect(found.description).toMatch(description)
})
