/**
 * `millrace jobs`: the scheduled jobs, found, sorted and cut by the agent.
 *
 * Easy to get wrong: `--json` prints jobs as the Dkron API has them, whatever the filters, so that `job apply -f -` takes
 * them again.
 */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type AgentCall, addAgentCommand, type CommandContext } from './agent-command.ts'
import { counted, instantText } from './amounts.ts'
import type { ApiClient } from './api-client.ts'
import { CallFailedError } from './errors.ts'
import { formatTable, shorten } from './table.ts'

interface ListedJob {
  readonly name: string
  readonly schedule: string
  readonly disabled: boolean
  readonly tags: Readonly<Record<string, string>>
  readonly next_at: string | null
  readonly last_at: string | null
  readonly success_count: number
  readonly error_count: number
  readonly running: number
  readonly status: string
}

interface JobPage {
  readonly total: number
  readonly matched: number
  readonly jobs: readonly ListedJob[]
}

interface JobsFlags {
  readonly search?: string
  readonly status?: string
  readonly tag?: string
  readonly sort: string
  readonly desc?: boolean
  readonly limit?: number
}

export const jobStatuses = ['failing', 'succeeding', 'running', 'disabled', 'never']
export const jobSorts = ['name', 'next', 'last', 'failures', 'success_rate']
/** As many as the agent gives at once. */
const mostOfPage = 500
/** One more request costs an agent about as much as so many jobs in a list. */
const jobsForARequest = 100

export function addJobs(parent: Command, context: CommandContext): void {
  addAgentCommand<JobsFlags>(parent, context, {
    usage: 'jobs',
    about: 'list the scheduled jobs',
    json: 'an array of jobs as GET /v1/jobs has them',
    flags: [
      new Option('--search <TEXT>', 'only jobs with this text in the name or the command'),
      new Option('--status <STATUS>', 'only jobs with this status').choices(jobStatuses),
      new Option('--tag <NAME[=VALUE]>', 'only jobs with this tag'),
      new Option('--sort <BY>', 'in this order').choices(jobSorts).default('name'),
      new Option('--desc', 'the other way round'),
      new Option('--limit <N>', 'at most so many').argParser(wholeNumber),
    ],
    run: listJobs,
  })
}

/** @throws InvalidArgumentError */
export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of at least 1.')
  return Number(text)
}

async function listJobs({ client, flags, isJson }: AgentCall<JobsFlags>): Promise<string> {
  const isFiltered = [flags.search, flags.status, flags.tag, flags.limit, flags.desc].some((flag) => flag !== undefined)
  if (isJson && !isFiltered && flags.sort === 'name') return indented(await client.call('GET', '/v1/jobs'))
  const { total, jobs } = await readPages(client, flags)
  if (isJson) return indented(await fullJobs(client, jobs, total))
  if (total === 0) return 'no jobs yet; create one with "millrace job apply -f FILE"'
  if (jobs.length === 0) return `none of ${counted(total, 'job')} fits`
  return formatTable(
    ['NAME', 'STATUS', 'SCHEDULE', 'NEXT (UTC)', 'LAST (UTC)', 'OK', 'FAILED', 'TAGS'],
    jobs.map((job) => [
      job.name,
      job.status,
      shorten(job.schedule, 40),
      job.disabled ? 'disabled' : instantText(job.next_at),
      instantText(job.last_at),
      String(job.success_count),
      String(job.error_count),
      shorten(tagsText(job.tags), 40),
    ]),
  )
}

async function readPages(client: ApiClient, flags: JobsFlags): Promise<Pick<JobPage, 'total' | 'jobs'>> {
  const most = flags.limit ?? Number.POSITIVE_INFINITY
  const jobs: ListedJob[] = []
  for (;;) {
    const limit = Math.min(mostOfPage, most - jobs.length)
    const page = (await client.call('GET', `/ops/scheduled-jobs?${queryOf(flags, jobs.length, limit)}`)) as JobPage
    jobs.push(...page.jobs)
    if (page.jobs.length < limit || jobs.length >= most) return { total: page.total, jobs }
  }
}

function queryOf({ search, status, tag, sort, desc }: JobsFlags, offset: number, limit: number): URLSearchParams {
  return new URLSearchParams({
    ...(search === undefined ? {} : { search }),
    ...(status === undefined ? {} : { status }),
    ...(tag === undefined ? {} : { tag }),
    sort,
    order: desc === true ? 'desc' : 'asc',
    offset: String(offset),
    limit: String(limit),
  })
}

/** In the order of `wanted`; few of many are asked for one by one. A job that was deleted meanwhile is left out. */
async function fullJobs(
  client: ApiClient,
  wanted: readonly Pick<ListedJob, 'name'>[],
  total: number,
): Promise<readonly unknown[]> {
  if (wanted.length * jobsForARequest > total) {
    const all = (await client.call('GET', '/v1/jobs')) as readonly { readonly name: string }[]
    const byName = new Map(all.map((job) => [job.name, job]))
    return wanted.flatMap(({ name }) => byName.get(name) ?? [])
  }
  const jobs: unknown[] = []
  for (const { name } of wanted)
    jobs.push(...(await client.call('GET', `/v1/jobs/${encodeURIComponent(name)}`).then((job) => [job], noneWhenGone)))
  return jobs
}

function noneWhenGone(error: unknown): readonly unknown[] {
  if (error instanceof CallFailedError && error.status === 404) return []
  throw error
}

/** The agent is not asked to indent: that would make twice as much work of a long list. */
function indented(jobs: unknown): string {
  return JSON.stringify(jobs, null, 2)
}

export function tagsText(tags: Readonly<Record<string, string>>): string {
  const texts = Object.entries(tags).map(([name, value]) => `${name}=${value}`)
  return texts.length === 0 ? '-' : texts.join(' ')
}
