/** The facts of a short run in which all went well, for the tests of the checker to spoil. */
import { type JobPlan, jobPlans } from '../load/job-plans.ts'
import { certainFires } from './due-seconds.ts'
import type { ExecutionAnswer, Facts, JobFacts, Line } from './facts.ts'

/** A whole minute, so that schedules begin at their offset. */
export const startMs = Date.UTC(2026, 0, 2, 3, 4, 0)
const runMs = 60_000
const nodeNames = ['n1', 'n2', 'n3']
const wanted = ['second-0', 'pair-0', 'all-0', 'web-0', 'forbid-0', 'retry-0', 'nobody-0', 'interval-0', 'manual-0']

/** Everything may be changed in it. */
export type Spoilable<Value> =
  Value extends ReadonlyMap<infer Key, infer Item>
    ? Map<Key, Item>
    : Value extends readonly (infer Item)[]
      ? Spoilable<Item>[]
      : Value extends object
        ? { -readonly [Key in keyof Value]: Spoilable<Value[Key]> }
        : Value

export function sampleFacts(): Spoilable<Facts> {
  const plans = jobPlans({ starts: '/starts', ends: '/ends' }).filter(({ name }) => wanted.includes(name))
  const jobs = plans.map(jobOf)
  const facts: Facts = {
    nodeNames,
    jobs,
    lines: jobs.flatMap(linesOf),
    troubles: [],
    ledger: [
      { name: 'ledger-0', allowed: ['v3'] },
      { name: 'ledger-1', allowed: [null] },
      { name: 'ledger-2', allowed: ['v1', 'v2'] },
    ],
    runNow: [{ jobName: 'manual-0', confirmed: 2, unclear: 0 }],
    views: nodeNames.map((nodeName) => ({
      nodeName,
      aliveNames: [...nodeNames],
      leader: 'n2',
      versions: new Map([
        ['ledger-0', 'v3'],
        ['ledger-2', 'v2'],
      ]),
    })),
    tables: [{ job: 'free', table: 't0', sourceRows: 5, targetRows: 5, isEqual: true }],
    copies: {
      wanted: 3,
      reachableServers: [...nodeNames],
      streams: ['KV_jobs', 'EXECUTIONS'].map((name) => ({ name, wanted: 3, current: 3 })),
    },
    seenWrong: [],
  }
  return facts as Spoilable<Facts>
}

function jobOf(plan: JobPlan): JobFacts {
  const empty: JobFacts = {
    plan,
    createAskedAt: startMs,
    createdAt: startMs + 100,
    firstFireAt: plan.due.kind === 'interval' ? startMs + 7_050 : null,
    endAskedAt: startMs + runMs,
    endedAt: startMs + runMs + 100,
    executions: [],
  }
  const executions =
    plan.due.kind === 'never'
      ? [1, 2].map((order) => execution(plan.name, startMs + order * 10_000 + 1, { node: 'n1', isOrder: true }))
      : certainFires(empty).flatMap((atMs, index) => executionsOf(plan, atMs, index))
  return { ...empty, executions }
}

function executionsOf(plan: JobPlan, atMs: number, index: number): readonly ExecutionAnswer[] {
  const at = (node: string, more: object = {}) => execution(plan.name, atMs, { node, ...more })
  switch (plan.placement.kind) {
    case 'nobody':
      return [at('', { outcome: 'unplaced', reason: 'no node matches' })]
    case 'every':
      return nodeNames.map((node) => at(node))
    case 'role':
      return [at('n1'), at('n2')]
    case 'some':
      if (plan.placement.most === 2) return [at('n1'), at('n3')]
  }
  if (plan.forbidsOverlap && index % 2 === 1) return [at('n1', { outcome: 'skipped', reason: 'still running' })]
  if (plan.tries > 1) return [at('n1', { outcome: 'failed', exitCode: 3 }), at('n2', { attempt: 2 })]
  return [at(nodeNames[index % 3] ?? '')]
}

function execution(
  jobName: string,
  atMs: number,
  more: {
    readonly node: string
    readonly outcome?: string
    readonly reason?: string
    readonly attempt?: number
    readonly exitCode?: number
    readonly isOrder?: boolean
  },
): ExecutionAnswer {
  const { node, outcome = 'succeeded', reason = '', attempt = 1, exitCode = outcome === 'succeeded' ? 0 : null } = more
  return {
    id: `${atMs}000000-${attempt}-${node}`,
    job_name: jobName,
    attempt,
    node_name: node,
    scheduled_at: more.isOrder === true ? null : new Date(atMs).toISOString(),
    started_at: new Date(atMs + 10).toISOString(),
    finished_at: new Date(atMs + 20).toISOString(),
    outcome,
    reason,
    exit_code: exitCode,
    signal: null,
  }
}

function linesOf({ executions, plan }: JobFacts): readonly Line[] {
  return executions
    .filter(({ outcome }) => outcome === 'succeeded' || outcome === 'failed')
    .map((one) => {
      const uptime = (Date.parse(one.started_at ?? '') - startMs) / 1_000
      return {
        jobName: one.job_name,
        fire: one.scheduled_at ?? '',
        executionId: one.id,
        nodeName: one.node_name,
        uptime,
        endUptime: plan.forbidsOverlap ? uptime + 4 : null,
      }
    })
}
