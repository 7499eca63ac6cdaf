/** What a client waits for: creating, reading and running jobs, one after another and many at once. */
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../../test/harness/eventually.ts'
import { startAgent, type TestAgent } from '../../test/harness/millrace-agent.ts'
import { Distribution } from '../distribution.ts'
import type { Figure } from '../figures.ts'
import { startBareServer, storeLoad } from './api-peers.ts'
import { mostlyIdleJobs, namesOf, reading, saveJobs, saving } from './bench-jobs.ts'
import { executionsOf } from './executions.ts'
import { during, httpLoad, type LoadRequest, type LoadResult, times } from './http-load.ts'

const many = 16
const alone = 300
const wantedPosts = 1_000
const wantedGets = 10_000

export interface ApiScale {
  readonly jobs: number
  /** Of each kind of reading. */
  readonly seconds: number
  /** By hand; at most as many as the history keeps of one job. */
  readonly runs: number
}

/** @throws Error when a job that was created cannot be read afterwards */
export async function apiLoad({ jobs: count, seconds, runs }: ApiScale): Promise<readonly Figure[]> {
  await using agent = await startAgent()
  const port = agent.dkronPort
  const jobs = mostlyIdleJobs(count).map((job) => ({ ...job, name: `api-${job.name}`, disabled: true }))
  const names = namesOf(jobs)
  const one = await httpLoad({
    ...{ port, connections: 1, wantedStatus: 201 },
    next: times(Math.min(alone, count), (index) => saving(jobs[index])),
  })
  const created = await saveJobs(agent, jobs.slice(one.count))
  const stored = await storeLoad(created.count, many, jobs[0] ?? {})
  const nameOf = (index: number) => names[index % names.length] ?? ''
  const readJob = (index: number) => reading(nameOf(index))
  // The first second is the compiler's.
  await readLoad(port, 1, readJob)
  const reads = await readLoad(port, seconds, readJob)
  const bare = await bareLoad(agent, nameOf(0), seconds)
  const list = await httpLoad({
    port,
    connections: 1,
    wantedStatus: 200,
    next: times(10, () => ({ method: 'GET', path: '/v1/jobs' })),
  })
  const histories = await readLoad(port, seconds, (index) => ({
    method: 'GET',
    path: `/v1/executions/${nameOf(index)}`,
  }))
  const runNow = await timedRuns(agent, names[0] ?? '', runs)
  await assertAllThere(agent, count)
  return [
    { measure: 'POST of a new job, one connection, p50', value: one.latencyMs.at(0.5), unit: 'ms' },
    { measure: 'POST of a new job, one connection, p99', value: one.latencyMs.at(0.99), unit: 'ms' },
    {
      ...{ measure: `POST of a new job, ${many} connections`, value: created.perSecond, unit: '1/s' },
      ...{ comparedWith: 'NATS alone', ratio: created.perSecond / stored.perSecond },
      targets: [{ of: 'value', atLeast: wantedPosts }],
    },
    { measure: `as many records stored by NATS alone, ${many} writers`, value: stored.perSecond, unit: '1/s' },
    { measure: `POST of a new job, ${many} connections, p99`, value: created.latencyMs.at(0.99), unit: 'ms' },
    {
      ...{ measure: `GET of a job, ${many} connections`, value: reads.perSecond, unit: '1/s' },
      ...{ comparedWith: 'a bare HTTP server', ratio: reads.perSecond / bare.perSecond },
      targets: [{ of: 'value', atLeast: wantedGets }],
    },
    { measure: `the same answer by a bare HTTP server, ${many} connections`, value: bare.perSecond, unit: '1/s' },
    { measure: `GET of a job, ${many} connections, p99`, value: reads.latencyMs.at(0.99), unit: 'ms' },
    { measure: `GET of the list of ${count} jobs, p50`, value: list.latencyMs.at(0.5), unit: 'ms' },
    { measure: `GET of executions, ${many} connections`, value: histories.perSecond, unit: '1/s' },
    { measure: 'run now: answer, p50', value: runNow.answerMs.at(0.5), unit: 'ms' },
    { measure: 'run now: answer, p99', value: runNow.answerMs.at(0.99), unit: 'ms' },
    { measure: 'run now: from request to start, p50', value: runNow.startMs.at(0.5), unit: 'ms' },
    { measure: 'run now: from request to start, p99', value: runNow.startMs.at(0.99), unit: 'ms' },
  ]
}

/** Reads for some time over many connections. */
function readLoad(port: number, seconds: number, make: (index: number) => LoadRequest): Promise<LoadResult> {
  return httpLoad({ port, connections: many, wantedStatus: 200, next: during(seconds * 1_000, make) })
}

/** The same load on a server that only gives the agent's answer again. */
async function bareLoad(agent: TestAgent, jobName: string, seconds: number): Promise<LoadResult> {
  const request = reading(jobName)
  await using server = await startBareServer(await agent.dkron('GET', request.path))
  await readLoad(server.port, 1, () => request)
  return await readLoad(server.port, seconds, () => request)
}

async function assertAllThere(agent: TestAgent, count: number): Promise<void> {
  const { json } = await agent.dkron('GET', '/v1/jobs')
  const found = (json as readonly unknown[]).length
  if (found !== count) throw new Error(`${count} jobs were created, ${found} are listed`)
}

async function timedRuns(agent: TestAgent, jobName: string, runs: number) {
  const sentAt: number[] = []
  const answers: number[] = []
  for (let run = 0; run < runs; run += 1) {
    sentAt.push(Date.now())
    const one = times(1, () => ({ method: 'POST', path: `/v1/jobs/${jobName}` }))
    const { latencyMs } = await httpLoad({ port: agent.dkronPort, connections: 1, wantedStatus: 200, next: one })
    answers.push(latencyMs.max)
    await sleep(20)
  }
  const executions = await eventually(async () => {
    const found = await executionsOf(agent, [jobName])
    return found.filter(({ finished_at }) => finished_at !== null).length >= runs && found
  }, 60_000)
  // The API lists them in the order of their ends; the clock of requests and starts is the same machine's.
  const starts = executions.map(({ started_at }) => Date.parse(started_at)).sort((a, b) => a - b)
  return {
    answerMs: new Distribution(answers),
    startMs: new Distribution(starts.map((startedAt, index) => startedAt - (sentAt[index] ?? Number.NaN))),
  }
}
