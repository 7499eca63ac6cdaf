/** `millrace jobs`, `millrace run` and `millrace executions`: the scheduled jobs of a running agent. */
import type { ApiClient } from './api-client.ts'
import { formatTable } from './table.ts'

interface JobAnswer {
  readonly name: string
  readonly schedule: string
  readonly command: string
  readonly disabled: boolean
  readonly success_count: number
  readonly error_count: number
  readonly last_success: string | null
  readonly last_error: string | null
  readonly next: string | null
}

interface ExecutionAnswer {
  readonly id: string
  readonly node_name: string
  readonly started_at: string
  readonly finished_at: string | null
  readonly success: boolean
  readonly outcome: string
  readonly reason: string
  readonly output: string
}

/** Every job with its next fire and its counts. */
export async function listJobs(client: ApiClient, isJson: boolean): Promise<string> {
  if (isJson) return client.text('GET', '/v1/jobs?pretty')
  const jobs = (await client.call('GET', '/v1/jobs')) as readonly JobAnswer[]
  if (jobs.length === 0) return 'no jobs yet; create one with POST /v1/jobs'
  return formatTable(
    ['NAME', 'SCHEDULE', 'NEXT (UTC)', 'OK', 'FAILED', 'LAST (UTC)', 'COMMAND'],
    jobs.map((job) => [
      job.name,
      job.schedule,
      job.disabled ? 'disabled' : shortTime(job.next),
      String(job.success_count),
      String(job.error_count),
      lastRun(job),
      shorten(job.command, 50),
    ]),
  )
}

/** Orders a run now. */
export async function runJob(client: ApiClient, name: string, isJson: boolean): Promise<string> {
  const answer = await client.text('POST', `/v1/jobs/${encodeURIComponent(name)}?pretty`)
  return isJson ? answer : `${name} was ordered to run; see "millrace executions ${name}"`
}

/** What ran and runs of one job, oldest first. */
export async function listExecutions(client: ApiClient, name: string, isJson: boolean): Promise<string> {
  const path = `/v1/executions/${encodeURIComponent(name)}`
  if (isJson) return client.text('GET', `${path}?pretty`)
  const executions = (await client.call('GET', path)) as readonly ExecutionAnswer[]
  if (executions.length === 0) return `${name} has not run yet`
  return formatTable(
    ['STARTED (UTC)', 'TOOK', 'NODE', 'OUTCOME', 'REASON', 'OUTPUT'],
    executions.map((execution) => [
      shortTime(execution.started_at),
      took(execution),
      execution.node_name,
      execution.outcome,
      shorten(execution.reason, 60),
      shorten(execution.output.trim(), 60),
    ]),
  )
}

function lastRun(job: JobAnswer): string {
  const [success, error] = [job.last_success ?? '', job.last_error ?? '']
  if (success === '' && error === '') return '-'
  return success >= error ? `ok ${shortTime(success)}` : `failed ${shortTime(error)}`
}

function took(execution: ExecutionAnswer): string {
  if (execution.finished_at === null) return 'running'
  return `${((Date.parse(execution.finished_at) - Date.parse(execution.started_at)) / 1000).toFixed(1)} s`
}

function shortTime(instant: string | null): string {
  return instant === null ? 'never' : instant.slice(0, 19).replace('T', ' ')
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}
