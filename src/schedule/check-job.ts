/**
 * Everything that can be wrong with a job, found at once when it is saved: a job that is stored can run.
 *
 * Easy to get wrong: only what a save changes is held against the clock and the machine. A job whose `@at` has passed
 * can still be disabled, and one whose user was removed can still be renamed for display.
 */
import { type Issue, messageOf } from '../core/errors.ts'
import type { ScheduledJob } from '../model/scheduled-job.ts'
import { fireContext } from './fire-times.ts'
import { InvalidScheduleError, ScheduleNeverFiresError } from './grammar/errors.ts'
import { assertFires } from './grammar/next-fire.ts'
import { parseSchedule } from './grammar/parse-schedule.ts'
import { isKnownZone } from './grammar/zone.ts'
import { parseTag } from './tag-rule.ts'

/** What depends on the machine the job runs on; `execution` has the real ones. */
export interface JobChecks {
  /** @returns what is wrong, to follow the field's name ("is empty"), or null */
  checkCommand(command: string, isShell: boolean): string | null
  /** @returns what is wrong, as a sentence, or null */
  checkRunAsUser(name: string): string | null
  /** The zone of jobs that name none. */
  readonly agentZone: string
}

export interface CheckedJob {
  readonly job: ScheduledJob
  /** The job as it was, or null for a new one. */
  readonly stored: ScheduledJob | null
  readonly nowMs: number
}

type Finding = Issue | null

/** Characters of a slug. */
export const longestName = 200
// One argument of a program can't be longer on Linux: MAX_ARG_STRLEN, 32 pages with the final NUL (execve(2)).
const longestCommandBytes = 131_071
const longestText = 1_000
const mostEntries = 100
const longestMapBytes = 65_536
const shortestLateLimitMs = 1_000
const mostRetries = 100
const longestDurationMs = 10 * 366 * 86_400_000

/** @returns every problem; `field` is the name of the field in the domain, `tags.role` for an entry */
export function checkJob(checked: CheckedJob, checks: JobChecks): readonly Issue[] {
  const { job } = checked
  const findings: readonly Finding[] = [
    checkName(job.name),
    checkSchedule(checked, checks.agentZone),
    checkZone(job),
    checkCommandOf(checked, checks),
    checkUser(checked, checks),
    ...(['displayName', 'owner', 'ownerEmail'] as const).map((field) => checkText(field, job[field])),
    checkMap('tags', job.tags),
    checkMap('metadata', job.metadata),
    ...Object.entries(job.tags)
      .slice(0, mostEntries)
      .map(([name, value]) => checkTag(name, value)),
    checkDuration('lateLimitMs', job.lateLimitMs, shortestLateLimitMs, 'at least 1s'),
    job.timeLimitMs === null ? null : checkDuration('timeLimitMs', job.timeLimitMs, 1, 'longer than 0'),
    checkRetries(job),
    checkDuration('retryDelayMs', job.retryDelayMs, 0, 'at least 0s'),
  ]
  return findings.filter((finding) => finding !== null)
}

function checkName(name: string): Finding {
  if (name === '') return issue('name', name, 'must have at least one letter, digit, _ or -')
  return name.length > longestName ? issue('name', name, `must have at most ${longestName} characters`) : null
}

function checkSchedule({ job, stored, nowMs }: CheckedJob, agentZone: string): Finding {
  if (job.schedule.trim() === '') return issue('schedule', job.schedule, 'is required, for example "0 */5 * * * *"')
  try {
    const schedule = parseSchedule(job.schedule)
    const isSame = stored !== null && stored.schedule === job.schedule && stored.timezone === job.timezone
    if (isSame || (job.timezone !== null && !isKnownZone(job.timezone))) return null
    assertFires(schedule, fireContext(job, agentZone), nowMs)
    return null
  } catch (error) {
    if (error instanceof InvalidScheduleError || error instanceof ScheduleNeverFiresError)
      return issue('schedule', job.schedule, messageOf(error))
    throw error
  }
}

function checkZone({ timezone }: ScheduledJob): Finding {
  if (timezone === null || isKnownZone(timezone)) return null
  return issue('timezone', timezone, 'is not a known time zone, use an IANA name such as Europe/Berlin or UTC')
}

function checkCommandOf({ job, stored }: CheckedJob, checks: JobChecks): Finding {
  if (stored !== null && stored.command === job.command && stored.isShell === job.isShell) return null
  if (job.command.trim() === '') return issue('command', job.command, 'is required')
  const sizeBytes = Buffer.byteLength(job.command)
  if (sizeBytes > longestCommandBytes)
    return issue('command', job.command, `must have at most ${longestCommandBytes} bytes, it has ${sizeBytes}`)
  const problem = checks.checkCommand(job.command, job.isShell)
  return problem === null ? null : issue('command', job.command, problem)
}

function checkUser({ job, stored }: CheckedJob, checks: JobChecks): Finding {
  if (job.runAsUser === null || stored?.runAsUser === job.runAsUser) return null
  const problem = checks.checkRunAsUser(job.runAsUser)
  return problem === null ? null : issue('runAsUser', job.runAsUser, problem)
}

function checkText(field: string, value: string): Finding {
  return value.length > longestText ? issue(field, value, `must have at most ${longestText} characters`) : null
}

function checkMap(field: string, map: Readonly<Record<string, string>>): Finding {
  if (Object.keys(map).length > mostEntries) return issue(field, map, `must have at most ${mostEntries} entries`)
  const isTooLong = Buffer.byteLength(JSON.stringify(map)) > longestMapBytes
  return isTooLong ? issue(field, map, `must have at most ${longestMapBytes} bytes`) : null
}

function checkTag(name: string, value: string): Finding {
  const parsed = parseTag(value)
  return parsed.kind === 'invalid' ? issue(`tags.${name}`, value, parsed.message) : null
}

function checkDuration(field: string, valueMs: number, leastMs: number, wanted: string): Finding {
  if (Number.isSafeInteger(valueMs) && valueMs >= leastMs && valueMs <= longestDurationMs) return null
  return issue(field, valueMs, `must be ${wanted} and at most ten years`)
}

function checkRetries({ retries }: ScheduledJob): Finding {
  if (Number.isInteger(retries) && retries >= 0 && retries <= mostRetries) return null
  return issue('retries', retries, `must be a whole number from 0 to ${mostRetries}`)
}

function issue(field: string, value: unknown, message: string): Issue {
  return { field, value, message }
}
