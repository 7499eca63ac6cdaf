/** `millrace job show JOB`: one scheduled job, its next fires and what ran last. */
import type { Command } from 'commander'
import { firesBetween } from '../schedule/grammar/next-fire.ts'
import { parseSchedule } from '../schedule/grammar/parse-schedule.ts'
import { type AgentCall, addAgentCommand, type CommandContext } from './agent-command.ts'
import { instantText } from './amounts.ts'
import { tagsText } from './jobs.ts'
import { suggesting } from './known-names.ts'
import { printable } from './table.ts'

export interface JobAnswer {
  readonly name: string
  readonly displayname: string
  readonly schedule: string
  readonly timezone: string
  readonly command: string
  readonly shell: boolean
  readonly run_as_user: string
  readonly owner: string
  readonly owner_email: string
  readonly success_count: number
  readonly error_count: number
  readonly last_success: string | null
  readonly last_error: string | null
  readonly disabled: boolean
  readonly tags: Readonly<Record<string, string>>
  readonly concurrency: string
  readonly catchup: string
  readonly late_limit: string
  readonly timeout: string
  readonly retries: number
  readonly retry_delay: string
  readonly metadata: Readonly<Record<string, string>>
  readonly next: string | null
}

export function addJobShow(parent: Command, context: CommandContext): void {
  addAgentCommand(parent, context, {
    usage: 'show <JOB>',
    about: 'print a scheduled job, when it fires next and how it went',
    json: 'the job as GET /v1/jobs/JOB has it',
    run: showJob,
  })
}

async function showJob({ client, args, isJson }: AgentCall<object>): Promise<string> {
  const name = args[0] ?? ''
  const path = `/v1/jobs/${encodeURIComponent(name)}`
  const text = await suggesting(client, 'job', name, () => client.text('GET', `${path}?pretty`))
  return isJson ? text : jobText(JSON.parse(text) as JobAnswer)
}

/** Fields that are as they are without being given are left out. */
export function jobText(job: JobAnswer): string {
  const fields: readonly (readonly [label: string, value: string])[] = [
    ['name', job.name],
    ['display name', job.displayname],
    ['schedule', job.timezone === '' ? job.schedule : `${job.schedule} (${job.timezone})`],
    ['command', job.shell ? `${job.command} (through a shell)` : job.command],
    ['run as', job.run_as_user],
    ['nodes', Object.keys(job.tags).length === 0 ? 'every node' : tagsText(job.tags)],
    ['disabled', job.disabled ? 'yes: the schedule does not fire' : ''],
    ['concurrency', job.concurrency === 'allow' ? '' : job.concurrency],
    ['catch-up', job.catchup === 'all' ? '' : job.catchup],
    ['late limit', job.late_limit],
    ['time limit', job.timeout],
    ['retries', job.retries === 0 ? '' : `${job.retries}, the first after ${job.retry_delay}`],
    ['owner', [job.owner, job.owner_email].filter((text) => text !== '').join(' ')],
    ['metadata', Object.keys(job.metadata).length === 0 ? '' : tagsText(job.metadata)],
    ['succeeded', countedText(job.success_count, job.last_success)],
    ['failed', countedText(job.error_count, job.last_error)],
    ['next (UTC)', job.next === null ? 'never' : nextFires(job, job.next).join(', ')],
  ]
  const given = fields.filter(([, value]) => value !== '')
  const width = Math.max(...given.map(([label]) => label.length))
  return given.map(([label, value]) => `${label.padEnd(width)}  ${printable(value)}`).join('\n')
}

function countedText(count: number, lastAt: string | null): string {
  return lastAt === null ? String(count) : `${count}, last ${instantText(lastAt)} UTC`
}

/** The agent tells the first; the two after it follow from the schedule where the zone is known here. */
function nextFires({ schedule: spec, timezone }: JobAnswer, next: string): readonly string[] {
  const first = Date.parse(next)
  const later = laterFires(spec, timezone, first)
  return [first, ...later].map((atMs) => instantText(new Date(atMs).toISOString()))
}

function laterFires(spec: string, timezone: string, firstMs: number): readonly number[] {
  try {
    const schedule = parseSchedule(spec)
    const zone = schedule.zone ?? timezone
    // The agent's own zone is not known here; `@every` goes on from any of its fires.
    if (zone === '' && schedule.kind === 'cron') return []
    const context = { zone: zone === '' ? 'UTC' : zone, anchorMs: firstMs }
    return [...firesBetween(schedule, firstMs, Number.POSITIVE_INFINITY, context, 2)]
  } catch {
    return []
  }
}
