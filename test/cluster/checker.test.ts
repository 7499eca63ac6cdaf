/** The checker of the cluster suite can fail: each thing that must not be is found, and what a fault excuses is not. */
import { describe, expect, test } from 'vitest'
import { violationsIn } from './checker/check-all.ts'
import type { ExecutionAnswer, Facts, Line } from './checker/facts.ts'
import { type Spoilable, sampleFacts, startMs } from './checker/sample-facts.ts'

type Facts_ = Spoilable<Facts>
type Record_ = Spoilable<ExecutionAnswer>

const atMs = startMs + 30_000

test('a run in which all went well has nothing wrong', () => {
  const facts = sampleFacts()
  expect(facts.jobs.every(({ executions }) => executions.length > 0)).toBe(true)
  expect(violationsIn(facts)).toEqual([])
})

describe('is found:', () => {
  test.each<[string, (facts: Facts_) => void, RegExp]>([
    [
      'a due second without a record',
      (facts) => drop(facts, record(facts, 'second-0')),
      /second-0 at .* has no record/,
    ],
    ['a due instant of an interval without one', dropOf('interval-0'), /interval-0 at .* has no record/],
    [
      'a record twice',
      (facts) => executions(facts, 'second-0').push({ ...record(facts, 'second-0') }),
      /is recorded twice/,
    ],
    [
      'a second node for a job of one',
      (facts) => add(facts, copy(record(facts, 'second-0'), { node_name: other(record(facts, 'second-0')) })),
      /second-0 at .* has records of 2 nodes/,
    ],
    ['one node instead of two', (facts) => drop(facts, record(facts, 'pair-0')), /pair-0 at .* has records of 1 nodes/],
    [
      'an alive node that was left out',
      (facts) => drop(facts, record(facts, 'all-0', 'n2')),
      /all-0 at .* has no record of n2/,
    ],
    [
      'a node whose tags do not match',
      (facts) => add(facts, copy(record(facts, 'web-0', 'n1'), { node_name: 'n3' })),
      /web-0 at .* ran on n3, which it was not meant for/,
    ],
    [
      'a fire that was not due',
      (facts) => change(record(facts, 'pair-0'), { scheduled_at: new Date(atMs + 3_000).toISOString() }),
      /when it was not due/,
    ],
    ['an execution without an end', (facts) => change(record(facts, 'second-0'), { finished_at: null }), /has no end/],
    [
      'an outcome nobody knows',
      (facts) => change(record(facts, 'second-0'), { outcome: 'odd' }),
      /no outcome that is known/,
    ],
    [
      'an outcome without its reason',
      (facts) => change(record(facts, 'nobody-0'), { reason: '' }),
      /nobody-0 .* does not say why/,
    ],
    [
      'a skipped run of a job that may overlap',
      (facts) => change(record(facts, 'second-0'), { outcome: 'skipped', reason: 'x' }),
      /though it may overlap/,
    ],
    [
      'a fire that was missed though nothing happened',
      (facts) =>
        replace(facts, 'second-0', { outcome: 'missed', reason: 'too late', node_name: '', id: `${atMs}000000-1-` }),
      /second-0 at .* was missed in calm times/,
    ],
    [
      'a fire that was given up too early',
      (facts) => {
        replace(facts, 'second-0', { outcome: 'missed', reason: 'too late', node_name: '' })
        facts.troubles.push(trouble('n1', false))
      },
      /was given up after 10 ms/,
    ],
    [
      'a fire that found no node though all were alive',
      (facts) => replace(facts, 'second-0', { outcome: 'unplaced', reason: 'no node', node_name: '' }),
      /found no node though n1,n2,n3 could have run it/,
    ],
    [
      'an outcome that nobody knows of a node that was well',
      (facts) => change(record(facts, 'second-0'), { outcome: 'unknown', reason: 'x' }),
      /though nothing had ended the commands/,
    ],
    [
      'an outcome that nobody knows although only the agent was killed',
      (facts) => {
        change(record(facts, 'second-0'), { outcome: 'unknown', reason: 'x' })
        facts.troubles.push(trouble('n1', false), trouble('n2', false), trouble('n3', false))
      },
      /though nothing had ended the commands/,
    ],
    [
      'a loss on a node that was well',
      (facts) => change(record(facts, 'second-0'), { outcome: 'lost', reason: 'x' }),
      /though nothing had ended the commands/,
    ],
    [
      'a missed fire beside a run one',
      (facts) => add(facts, copy(record(facts, 'second-0'), { outcome: 'missed', reason: 'x', node_name: '' })),
      /was given to nobody and yet has several records/,
    ],
    [
      'a failed run that was not tried again',
      (facts) => drop(facts, record(facts, 'retry-0', 'n2')),
      /retry-0 at .* ended failed after 1 of 3 tries/,
    ],
    [
      'a retry after a success',
      (facts) => add(facts, copy(record(facts, 'retry-0', 'n2'), { attempt: 3 })),
      /retry-0 at .* was tried again after attempt 2 had succeeded/,
    ],
    [
      'more tries than asked for',
      (facts) => {
        for (const attempt of [3, 4]) add(facts, copy(record(facts, 'retry-0', 'n2'), { attempt }))
      },
      /was tried 4 times instead of 3/,
    ],
    [
      'a hole in the attempts',
      (facts) => change(record(facts, 'retry-0', 'n2'), { attempt: 3 }),
      /retry-0 at .* has attempts 1,3/,
    ],
    [
      'a command that was started twice',
      (facts) => facts.lines.push({ ...line(facts, 'second-0') }),
      /second-0 .* was started 2 times/,
    ],
    [
      'a command that two nodes started',
      (facts) => {
        const first = line(facts, 'second-0')
        const nodeName = first.nodeName === 'n1' ? 'n2' : 'n1'
        const executionId = first.executionId.replace(/n\d$/, nodeName)
        facts.lines.push({ ...first, nodeName, executionId })
      },
      /second-0 .* was started on /,
    ],
    ['a run without a record', (facts) => drop(facts, record(facts, 'all-0', 'n3')), /ran on n3 and has no record/],
    [
      'a run that is recorded as never started',
      (facts) => change(record(facts, 'second-0'), { outcome: 'missed', reason: 'x' }),
      /is recorded as missed, yet it ran/,
    ],
    [
      'a success that never ran',
      (facts) => void facts.lines.splice(facts.lines.indexOf(line(facts, 'second-0')), 1),
      /is recorded as succeeded, yet it never ran/,
    ],
    [
      'a run on another node than recorded',
      (facts) => change(line(facts, 'second-0'), { nodeName: 'n9' }),
      /ran on n9, not on /,
    ],
    [
      'runs of a job that forbids overlap, at the same time',
      (facts) => change(line(facts, 'forbid-0'), { endUptime: 59 }),
      /forbid-0 .* began while /,
    ],
    [
      'commands of a job that is not known',
      (facts) => facts.lines.push({ ...line(facts, 'second-0'), jobName: 'stranger' }),
      /stranger wrote lines/,
    ],
    [
      'a stored job that is gone',
      (facts) => void facts.views[1]?.versions.delete('ledger-0'),
      /ledger-0 is not there at n2, instead of v3/,
    ],
    [
      'a stored job in an older version',
      (facts) => void facts.views[0]?.versions.set('ledger-0', 'v2'),
      /ledger-0 is v2 at n1, instead of v3/,
    ],
    [
      'a deleted job that is back',
      (facts) => void facts.views[2]?.versions.set('ledger-1', 'v1'),
      /ledger-1 is v1 at n3, instead of no such job/,
    ],
    [
      'a version that cannot be, though an answer was lost',
      (facts) => void facts.views[0]?.versions.set('ledger-2', 'v0'),
      /ledger-2 is v0 at n1, instead of v1 or v2/,
    ],
    [
      'an order that was confirmed and not run',
      dropOf('manual-0'),
      /manual-0 has records of 1 orders; 2 were confirmed/,
    ],
    [
      'an order that was run twice',
      (facts) => add(facts, copy(record(facts, 'manual-0'), { id: '1-1-n1' })),
      /manual-0 has records of 3 orders/,
    ],
    [
      'a row that is not at the target',
      (facts) => change(facts.tables[0] ?? {}, { isEqual: false, targetRows: 4 }),
      /table t0 of free differs: 5 rows at the source, 4 at the target/,
    ],
    [
      'a member that is not seen alive',
      (facts) => void facts.views[0]?.aliveNames.splice(2, 1),
      /n1 does not see n3 alive/,
    ],
    ['two leaders', (facts) => change(facts.views[0] ?? {}, { leader: 'n3' }), /different leaders/],
    [
      'no leader',
      (facts) => {
        for (const view of facts.views) change(view, { leader: null })
      },
      /different leaders, or none/,
    ],
    ['a node that does not answer', (facts) => void facts.views.pop(), /only 2 of 3 nodes answered/],
    [
      'a stream with too few copies that are current',
      (facts) => change(facts.copies.streams[1] ?? {}, { current: 2 }),
      /stream EXECUTIONS has 2 of 3 copies/,
    ],
    [
      'a stream that nobody wants copies of',
      (facts) => change(facts.copies.streams[0] ?? {}, { wanted: 1, current: 1 }),
      /stream KV_jobs has 1 of 1 copies, not 3/,
    ],
    [
      'a NATS server that is not there',
      (facts) => void facts.copies.reachableServers.pop(),
      /2 NATS servers \(n1,n2\) instead of 3/,
    ],
    [
      'what was wrong while it ran',
      (facts) => facts.seenWrong.push({ what: 'GET answered 404', nodeName: 'n1', atMs: 0 }),
      /GET answered 404/,
    ],
  ])('%s', (_name, spoil, violation) => {
    const facts = sampleFacts()
    spoil(facts)
    expect(violationsIn(facts).join('\n')).toMatch(violation)
  })
})

describe('is excused:', () => {
  test.each<[string, (facts: Facts_) => void]>([
    [
      'an unknown end on a machine that died',
      (facts) => {
        const found = record(facts, 'second-0')
        change(found, { outcome: 'unknown', reason: 'the machine died' })
        facts.troubles.push(trouble(found.node_name, true))
      },
    ],
    [
      'a node left out while it was down',
      (facts) => {
        const found = record(facts, 'all-0', 'n2')
        drop(facts, found)
        forgetLine(facts, found)
        facts.troubles.push(trouble('n2', true))
      },
    ],
    [
      'a fire missed after a fault',
      (facts) => {
        const found = record(facts, 'second-0')
        forgetLine(facts, found)
        const decidedAt = new Date(Date.parse(found.scheduled_at ?? '') + 60_000).toISOString()
        change(found, { outcome: 'missed', reason: 'nobody led', node_name: '', started_at: decidedAt })
        facts.troubles.push(trouble('n1', false))
      },
    ],
    [
      'an order of which no answer came',
      (facts) => void facts.runNow.splice(0, 1, { jobName: 'manual-0', confirmed: 1, unclear: 4 }),
    ],
  ])('%s', (_name, excuse) => {
    const facts = sampleFacts()
    excuse(facts)
    expect(violationsIn(facts)).toEqual([])
  })
})

function executions(facts: Facts_, jobName: string): Record_[] {
  const job = facts.jobs.find(({ plan }) => plan.name === jobName)
  if (job === undefined) throw new Error(`no job ${jobName}`)
  return job.executions
}

/** One in the middle of the run. */
function record(facts: Facts_, jobName: string, nodeName?: string): Record_ {
  const some = executions(facts, jobName).filter((one) => nodeName === undefined || one.node_name === nodeName)
  const found = some[Math.floor(some.length / 2)]
  if (found === undefined) throw new Error(`no execution of ${jobName}`)
  return found
}

function line(facts: Facts_, jobName: string): Spoilable<Line> {
  const { id } = record(facts, jobName)
  const lines = facts.lines.filter((one) => one.jobName === jobName)
  const found = lines.find(({ executionId }) => executionId === id) ?? lines[Math.floor(lines.length / 2)]
  if (found === undefined) throw new Error(`no line of ${jobName}`)
  return found
}

function drop(facts: Facts_, one: Record_): void {
  const all = executions(facts, one.job_name)
  all.splice(all.indexOf(one), 1)
}

function forgetLine(facts: Facts_, one: Record_): void {
  facts.lines = facts.lines.filter((line) => line.jobName !== one.job_name || line.executionId !== one.id)
}

function dropOf(jobName: string): (facts: Facts_) => void {
  return (facts) => drop(facts, record(facts, jobName))
}

function add(facts: Facts_, one: Record_): void {
  executions(facts, one.job_name).push(one)
}

function replace(facts: Facts_, jobName: string, to: Partial<Record_>): void {
  change(record(facts, jobName), to)
}

function change(what: object, to: object): void {
  Object.assign(what, to)
}

function copy(one: Record_, change: Partial<Record_>): Record_ {
  const made = { ...one, ...change }
  return { ...made, id: change.id ?? `${one.id.split('-')[0]}-${made.attempt}-${made.node_name}` }
}

function other({ node_name }: Record_): string {
  return node_name === 'n1' ? 'n2' : 'n1'
}

function trouble(nodeName: string, killsCommands: boolean): Facts_['troubles'][number] {
  return { what: 'a fault', nodeNames: [nodeName], fromMs: atMs - 5_000, toMs: atMs + 5_000, killsCommands }
}
