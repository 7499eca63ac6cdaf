/** What a client waits for: creating, reading and running jobs, one after another and many at once. */
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../../test/harness/eventually.ts'
import type { TestAgent } from '../../test/harness/millrace-agent.ts'
import { Distribution } from '../distribution.ts'
import type { Figure } from '../figures.ts'
import { deleteJobs, mostlyIdleJobs, namesOf, saveJobs } from './bench-jobs.ts'
import { executionsOf } from './executions.ts'
import { during, httpLoad, times } from './http-load.ts'

/** As many as the history keeps of one job. */
const runs = 100
const many = 16

export async function apiLatency(
  agent: TestAgent,
  scale: { jobs: number; seconds: number },
): Promise<readonly Figure[]> {
  const port = agent.dkronPort
  const jobs = mostlyIdleJobs(scale.jobs).map((job) => ({ ...job, name: `api-${job.name}`, disabled: true }))
  const names = namesOf(jobs)
  const first = jobs.slice(0, 300)
  const alone = await httpLoad({
    ...{ port, connections: 1, wantedStatus: 201 },
    next: times(first.length, (index) => ({ method: 'POST', path: '/v1/jobs', body: first[index] })),
  })
  await saveJobs(agent, jobs.slice(first.length))
  const reads = await httpLoad({
    ...{ port, connections: many, wantedStatus: 200 },
    next: during((scale.seconds * 1_000) / 3, (index) => ({
      method: 'GET',
      path: `/v1/jobs/${names[index % names.length]}`,
    })),
  })
  const list = await httpLoad({
    port,
    connections: 1,
    wantedStatus: 200,
    next: times(10, () => ({ method: 'GET', path: '/v1/jobs' })),
  })
  const histories = await httpLoad({
    ...{ port, connections: many, wantedStatus: 200 },
    next: during((scale.seconds * 1_000) / 3, (index) => ({
      method: 'GET',
      path: `/v1/executions/${names[index % names.length]}`,
    })),
  })
  const runNow = await timedRuns(agent, names[0] ?? '')
  await deleteJobs(agent, names)
  return [
    { measure: 'POST of a new job, one connection, p50', value: alone.latencyMs.at(0.5), unit: 'ms' },
    { measure: 'POST of a new job, one connection, p99', value: alone.latencyMs.at(0.99), unit: 'ms' },
    { measure: `GET of a job, ${many} connections`, value: reads.perSecond, unit: '1/s' },
    { measure: `GET of a job, ${many} connections, p99`, value: reads.latencyMs.at(0.99), unit: 'ms' },
    { measure: `GET of the list of ${scale.jobs} jobs, p50`, value: list.latencyMs.at(0.5), unit: 'ms' },
    { measure: `GET of executions, ${many} connections`, value: histories.perSecond, unit: '1/s' },
    { measure: 'run now: answer, p50', value: runNow.answerMs.at(0.5), unit: 'ms' },
    { measure: 'run now: answer, p99', value: runNow.answerMs.at(0.99), unit: 'ms' },
    { measure: 'run now: from request to start, p50', value: runNow.startMs.at(0.5), unit: 'ms' },
    { measure: 'run now: from request to start, p99', value: runNow.startMs.at(0.99), unit: 'ms' },
  ]
}

async function timedRuns(agent: TestAgent, jobName: string) {
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
