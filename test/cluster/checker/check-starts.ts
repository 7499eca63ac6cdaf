/**
 * What the commands themselves wrote: nothing was started twice, everything that is said to have run did run, and nothing
 * ran that is not recorded.
 */
import { type ExecutionAnswer, type Facts, isUndisturbed, type Line } from './facts.ts'

const ran = ['succeeded', 'failed', 'unknown', 'lost']
const aroundMs = 20_000

export function checkStarts(facts: Facts): readonly string[] {
  const linesOf = Map.groupBy(facts.lines, ({ jobName }) => jobName)
  const known = new Set(facts.jobs.map(({ plan }) => plan.name))
  const strangers = [...linesOf.keys()].filter((name) => !known.has(name))
  return [
    ...strangers.map((name) => `commands of ${name} wrote lines, which is no job of this run`),
    ...facts.jobs.flatMap((job) => {
      const lines = linesOf.get(job.plan.name) ?? []
      const most = job.plan.placement.kind === 'some' ? job.plan.placement.most : facts.nodeNames.length
      return [
        ...checkTwice(lines),
        ...checkTooMany(lines, most),
        ...checkAgainstRecords(lines, job.executions),
        ...(job.plan.forbidsOverlap ? checkOverlap(facts, lines, job.executions) : []),
      ]
    }),
  ]
}

function checkTwice(lines: readonly Line[]): readonly string[] {
  const starts = Map.groupBy(lines, ({ executionId }) => executionId)
  return [...starts].flatMap(([id, some]) =>
    some.length === 1 ? [] : [`${some[0]?.jobName} ${id} was started ${some.length} times`],
  )
}

/** One fire and attempt, whatever the nodes: an id has the node's name in it, so two nodes have two ids. */
function checkTooMany(lines: readonly Line[], most: number): readonly string[] {
  const starts = Map.groupBy(lines, ({ executionId }) => executionId.slice(0, executionId.lastIndexOf('-')))
  return [...starts].flatMap(([fire, some]) => {
    const nodes = new Set(some.map(({ nodeName }) => nodeName))
    return nodes.size <= most ? [] : [`${some[0]?.jobName} ${fire} was started on ${[...nodes].join()}`]
  })
}

function checkAgainstRecords(lines: readonly Line[], executions: readonly ExecutionAnswer[]): readonly string[] {
  const wrong: string[] = []
  const records = new Map(executions.map((one) => [one.id, one]))
  for (const line of lines) {
    const record = records.get(line.executionId)
    const name = `${line.jobName} ${line.executionId}`
    if (record === undefined) wrong.push(`${name} ran on ${line.nodeName} and has no record`)
    else if (!ran.includes(record.outcome)) wrong.push(`${name} is recorded as ${record.outcome}, yet it ran`)
    else if (record.node_name !== line.nodeName)
      wrong.push(`${name} ran on ${line.nodeName}, not on ${record.node_name}`)
  }
  const started = new Set(lines.map(({ executionId }) => executionId))
  for (const one of executions)
    if (one.outcome === 'succeeded' && !started.has(one.id))
      wrong.push(`${one.job_name} ${one.id} is recorded as succeeded, yet it never ran`)
  return wrong
}

/** Runs of a job that forbids overlap. What runs on a node that nobody reaches cannot be known, so that is excused. */
function checkOverlap(facts: Facts, lines: readonly Line[], executions: readonly ExecutionAnswer[]): readonly string[] {
  const startedAt = new Map(executions.map((one) => [one.id, Date.parse(one.scheduled_at ?? one.started_at ?? '')]))
  const runs = lines.toSorted((a, b) => a.uptime - b.uptime)
  return runs.flatMap((line, index) => {
    const before = runs[index - 1]
    if (before?.endUptime == null || before.endUptime <= line.uptime) return []
    const atMs = startedAt.get(before.executionId) ?? 0
    if (!isUndisturbed(facts, before.nodeName, atMs - aroundMs, atMs + aroundMs)) return []
    return [`${line.jobName} ${line.executionId} began while ${before.executionId} ran`]
  })
}
