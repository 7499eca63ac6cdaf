/**
 * Each due second of each job has exactly one record for each node that was chosen for it, and every record says what
 * became of it.
 */
import { roleOf } from '../load/job-plans.ts'
import { certainFires, mayFireAt } from './due-seconds.ts'
import { type ExecutionAnswer, type Facts, isCalm, isUndisturbed, type JobFacts } from './facts.ts'

const outcomes = ['succeeded', 'failed', 'missed', 'skipped', 'unplaced', 'unknown', 'lost']
/** How long before a fire a node must have been well, that it is surely alive in everybody's eyes. */
const beforeMs = 15_000
/** How far the clocks of two nodes of one machine may be apart, each with what it measured of the others. */
const clockToleranceMs = 500
/** How long after it a fire may be made up, or a node found to be lost. */
const afterMs = 75_000

export function checkFires(facts: Facts): readonly string[] {
  return facts.jobs.flatMap((job) => [
    ...checkRecords(facts, job),
    ...certainFires(job).flatMap((atMs) => checkFire(facts, job, atMs)),
  ])
}

/** Each record for itself, and that none is there twice. */
function checkRecords(facts: Facts, job: JobFacts): readonly string[] {
  const wrong: string[] = []
  const ids = new Set<string>()
  for (const one of job.executions) {
    const name = `${job.plan.name} ${one.id} (${one.outcome})`
    if (ids.has(one.id)) wrong.push(`${name} is recorded twice`)
    ids.add(one.id)
    if (one.finished_at === null) wrong.push(`${name} has no end`)
    else if (!outcomes.includes(one.outcome)) wrong.push(`${name} has no outcome that is known`)
    if (needsReason(one) && one.reason === '') wrong.push(`${name} does not say why`)
    if (one.outcome === 'skipped' && !job.plan.forbidsOverlap) wrong.push(`${name} though it may overlap`)
    if (one.scheduled_at !== null && !mayFireAt(job, Date.parse(one.scheduled_at)))
      wrong.push(`${name} fired at ${one.scheduled_at}, when it was not due`)
    wrong.push(...checkDoubt(facts, one, name), ...checkMissed(one, job, name))
  }
  return wrong
}

function needsReason({ outcome, exit_code, signal }: ExecutionAnswer): boolean {
  return outcome !== 'succeeded' && !(outcome === 'failed' && (exit_code !== null || signal !== null))
}

/** Nobody may say "unknown" or "lost" of a node that was well. */
function checkDoubt(facts: Facts, one: ExecutionAnswer, name: string): readonly string[] {
  if (one.outcome !== 'unknown' && one.outcome !== 'lost') return []
  const atMs = Date.parse(one.scheduled_at ?? one.started_at ?? '')
  const untilMs = Date.parse(one.finished_at ?? '') + beforeMs
  const ofNode = facts.troubles.filter(
    (trouble) =>
      trouble.nodeNames.includes(one.node_name) && trouble.fromMs <= untilMs && trouble.toMs >= atMs - beforeMs,
  )
  const isExcused = one.outcome === 'lost' ? ofNode.length > 0 : ofNode.some(({ killsCommands }) => killsCommands)
  return isExcused ? [] : [`${name} though nothing had ended the commands of ${one.node_name}`]
}

/** Nothing is given up before its time: what can still be made up is. */
function checkMissed(
  { outcome, scheduled_at, started_at }: ExecutionAnswer,
  { plan }: JobFacts,
  name: string,
): string[] {
  if (outcome !== 'missed' || scheduled_at === null || started_at === null) return []
  const lateMs = Date.parse(started_at) - Date.parse(scheduled_at)
  return lateMs >= plan.lateLimitMs - clockToleranceMs ? [] : [`${name} was given up after ${lateMs} ms`]
}

function checkFire(facts: Facts, job: JobFacts, atMs: number): readonly string[] {
  const records = job.executions.filter(
    ({ scheduled_at }) => scheduled_at !== null && Date.parse(scheduled_at) === atMs,
  )
  const name = `${job.plan.name} at ${new Date(atMs).toISOString()}`
  if (records.length === 0) return [`${name} has no record`]
  const ofNobody = records.filter(({ node_name }) => node_name === '')
  if (ofNobody.length > 0) return checkUnstarted(facts, job, { atMs, name, records })
  return [...checkNodes(facts, job, { atMs, name, records }), ...checkAttempts(facts, job, name, records)]
}

interface Fire {
  readonly atMs: number
  readonly name: string
  readonly records: readonly ExecutionAnswer[]
}

/** A fire that was given to nobody has one record, and there was a cause. */
function checkUnstarted(facts: Facts, job: JobFacts, { atMs, name, records }: Fire): readonly string[] {
  const wrong: string[] = []
  const told = records.map(({ outcome, node_name }) => `${outcome} ${node_name}`).join(', ')
  if (records.length > 1) wrong.push(`${name} was given to nobody and yet has several records: ${told}`)
  const [record] = records
  if (record?.outcome === 'unplaced' && job.plan.placement.kind !== 'nobody') {
    const well = candidates(facts, job).filter((node) => isUndisturbed(facts, node, atMs - beforeMs, atMs + afterMs))
    if (well.length > 0) wrong.push(`${name} found no node though ${well.join()} could have run it`)
  } else if (record?.outcome === 'missed') {
    if (isCalm(facts, atMs - job.plan.lateLimitMs - beforeMs, atMs + afterMs))
      wrong.push(`${name} was missed in calm times`)
  } else if (record?.outcome !== 'unplaced' && record?.outcome !== 'skipped')
    wrong.push(`${name} was given to nobody and is ${told}`)
  return wrong
}

/** The nodes of a fire: all that had to be chosen, and none too many. */
function checkNodes(facts: Facts, job: JobFacts, { atMs, name, records }: Fire): readonly string[] {
  const { placement } = job.plan
  const wrong: string[] = []
  const first = records.filter(({ attempt }) => attempt === 1).map(({ node_name }) => node_name)
  const possible = candidates(facts, job)
  const strangers = first.filter((node) => !possible.includes(node))
  if (strangers.length > 0) wrong.push(`${name} ran on ${strangers.join()}, which it was not meant for`)
  if (new Set(first).size !== first.length)
    wrong.push(`${name} has two records of one node and attempt: ${first.join()}`)
  const certain = possible.filter((node) => isUndisturbed(facts, node, atMs - beforeMs, atMs + afterMs))
  if (placement.kind === 'some') {
    const least = Math.min(placement.most, Math.max(1, certain.length))
    if (first.length > placement.most || first.length < least)
      wrong.push(`${name} has records of ${first.length} nodes (${first.join()}), not of ${least} to ${placement.most}`)
    return wrong
  }
  const absent = certain.filter((node) => !first.includes(node))
  if (absent.length > 0) wrong.push(`${name} has no record of ${absent.join()}, which was alive all the time`)
  return wrong
}

/** Retries: one after the other, as long as none succeeded, and no more than asked for. */
function checkAttempts(
  facts: Facts,
  { plan }: JobFacts,
  name: string,
  records: readonly ExecutionAnswer[],
): readonly string[] {
  const wrong: string[] = []
  const attempts = [...new Set(records.map(({ attempt }) => attempt))].sort((a, b) => a - b)
  if (attempts.some((attempt, index) => attempt !== index + 1)) wrong.push(`${name} has attempts ${attempts.join()}`)
  const last = attempts.at(-1) ?? 0
  if (last > plan.tries) wrong.push(`${name} was tried ${last} times instead of ${plan.tries}`)
  if (plan.placement.kind !== 'some' || plan.placement.most !== 1) return wrong
  const byAttempt = Map.groupBy(records, ({ attempt }) => attempt)
  for (const [attempt, some] of byAttempt)
    if (some.length > 1) wrong.push(`${name} has ${some.length} records of attempt ${attempt}`)
  const ended = byAttempt.get(last)?.[0]
  if (last < plan.tries && ended !== undefined && ['failed', 'unknown', 'lost'].includes(ended.outcome))
    wrong.push(`${name} ended ${ended.outcome} after ${last} of ${plan.tries} tries`)
  const early = records.find(({ attempt, outcome }) => attempt < last && outcome === 'succeeded')
  // A node that was given up as lost may come back and tell that it had succeeded.
  if (early !== undefined && isUndisturbed(facts, early.node_name, startOf(early) - beforeMs, startOf(early) + afterMs))
    wrong.push(`${name} was tried again after attempt ${early.attempt} had succeeded`)
  return wrong
}

function startOf({ scheduled_at, started_at }: ExecutionAnswer): number {
  return Date.parse(scheduled_at ?? started_at ?? '')
}

/** The nodes whose tags match. */
function candidates({ nodeNames }: Facts, { plan }: JobFacts): readonly string[] {
  const { placement } = plan
  if (placement.kind === 'nobody') return []
  return nodeNames.filter((_name, index) => placement.kind !== 'role' || roleOf(index) === placement.role)
}
