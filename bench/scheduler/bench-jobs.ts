/** The jobs that the scheduler's benchmarks create. */
import type { TestAgent } from '../../test/harness/millrace-agent.ts'
import { httpLoad, type LoadRequest, type LoadResult, times } from './http-load.ts'

export type BenchJob = Readonly<Record<string, unknown>> & { readonly name: string }

const connections = 16

/** Creates jobs, or changes those that are there. */
export async function saveJobs(agent: TestAgent, jobs: readonly BenchJob[]): Promise<LoadResult> {
  const next = times(jobs.length, (index) => saving(jobs[index]))
  return await httpLoad({ port: agent.dkronPort, connections, wantedStatus: 201, next })
}

/** The request that saves a job. */
export function saving(job: BenchJob | undefined): LoadRequest {
  return { method: 'POST', path: '/v1/jobs', body: job, answerStart: `{"name":"${job?.name}"` }
}

/** The request that reads one. */
export function reading(name: string | undefined): LoadRequest {
  return { method: 'GET', path: `/v1/jobs/${name}`, answerStart: `{"name":"${name}"` }
}

/** Ten jobs are due in each second; the others wait for a day of the year that is months away. */
export function mostlyIdleJobs(count: number): readonly BenchJob[] {
  const busy = Array.from({ length: Math.min(600, count) }, (_none, index) => ({
    name: `busy-${index}`,
    schedule: `${index % 60} * * * * *`,
    command: 'true',
  }))
  const month = ((new Date().getUTCMonth() + 6) % 12) + 1
  const idle = Array.from({ length: count - busy.length }, (_none, index) => ({
    name: `idle-${index}`,
    schedule: `${index % 60} ${Math.floor(index / 60) % 60} ${index % 24} ${(index % 28) + 1} ${month} *`,
    timezone: zones[index % zones.length],
    command: 'true',
  }))
  return [...busy, ...idle]
}

const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe']

export function namesOf(jobs: readonly BenchJob[]): readonly string[] {
  return jobs.map(({ name }) => name)
}
