/**
 * `millrace schedule next SPEC`: when a schedule fires, before anybody has saved it.
 *
 * Easy to get wrong: `--from` is not itself an answer, the fires are strictly after it; and for `@every`, which counts
 * from a job's creation, it stands for that creation.
 */
import type { Command } from 'commander'
import { type Clock, systemClock } from '../core/clock.ts'
import { InvalidError } from '../core/errors.ts'
import { formatRfc3339, parseRfc3339 } from '../core/rfc3339.ts'
import type { Schedule } from '../model/schedule.ts'
import { firesBetween } from '../schedule/grammar/next-fire.ts'
import { parseSchedule } from '../schedule/grammar/parse-schedule.ts'
import { offsetMsAt, requireKnownZone } from '../schedule/grammar/zone.ts'
import type { CommandContext } from './agent-command.ts'

export interface ScheduleNextOptions {
  /** Where the specification names none; UTC when absent. */
  readonly zone?: string
  /** Epoch ms; now when absent. */
  readonly fromMs?: number
  /** How many fires to show; 5 when absent. */
  readonly count?: number
  readonly json?: boolean
}

/** The flags as they were typed. */
export interface ScheduleNextFlags {
  readonly zone?: string | undefined
  readonly from?: string | undefined
  readonly count?: string | undefined
  readonly json?: boolean | undefined
}

const usualCount = 5
const mostCount = 10_000
const latestFromMs = parseRfc3339('9999-12-30T23:59:59Z') ?? 0
const earliestFromMs = parseRfc3339('0001-01-02T00:00:00Z') ?? 0

export function addScheduleNext(parent: Command, context: CommandContext): void {
  parent
    .command('next')
    .description('print the next fire times of a schedule')
    .argument('<SPEC>', "a cron line of six or five fields, '@every 5m', '@daily', '@at 2030-01-02T03:04:05Z', ...")
    .option('--zone <ZONE>', 'IANA time zone (default: UTC)')
    .option('--from <RFC3339>', 'fires after this instant (default: now)')
    .option('--count <N>', 'how many (default: 5)')
    .option('--json', 'print JSON: an array of RFC 3339 times; empty when it never fires')
    .action((spec: string, flags: ScheduleNextFlags) => context.show(scheduleNext(spec, readScheduleNextFlags(flags))))
}

/**
 * Checks the flags of the command.
 *
 * @throws InvalidError listing every flag that is not right
 * @throws UnknownZoneError
 */
export function readScheduleNextFlags(flags: ScheduleNextFlags): ScheduleNextOptions {
  const { from, count, zone } = flags
  const fromMs = from === undefined ? undefined : parseRfc3339(from)
  const countIsGood = count === undefined || (/^\d{1,5}$/.test(count) && isGoodCount(Number(count)))
  const issues = []
  if (fromMs === null || (fromMs !== undefined && (fromMs < earliestFromMs || fromMs > latestFromMs))) {
    issues.push({ field: '--from', value: from, message: 'must be an RFC 3339 time, for example 2026-03-29T00:00:00Z' })
  }
  if (!countIsGood) {
    issues.push({ field: '--count', value: count, message: `must be a whole number from 1 to ${mostCount}` })
  }
  if (issues.length > 0) throw new InvalidError(issues)
  if (zone !== undefined) requireKnownZone(zone)
  return {
    json: flags.json ?? false,
    ...(zone === undefined ? {} : { zone }),
    ...(typeof fromMs === 'number' ? { fromMs } : {}),
    ...(count === undefined ? {} : { count: Number(count) }),
  }
}

/**
 * What the command prints: a table, or a JSON array of RFC 3339 times with the zone's offset (`Z` for zero), empty
 * when the schedule never fires.
 *
 * @throws InvalidScheduleError, UnknownZoneError, InvalidError: nothing is printed and the command ends with status 2
 */
export function scheduleNext(spec: string, options: ScheduleNextOptions = {}, clock: Clock = systemClock): string {
  const schedule = parseSchedule(spec)
  const zone = schedule.zone ?? options.zone ?? 'UTC'
  if (options.zone !== undefined) requireKnownZone(options.zone)
  const count = options.count ?? usualCount
  if (!isGoodCount(count)) {
    throw new InvalidError([{ field: 'count', value: count, message: `must be a whole number from 1 to ${mostCount}` }])
  }
  const fromMs = options.fromMs ?? Math.floor(clock.now() / 1_000) * 1_000
  const fires = [...firesBetween(schedule, fromMs, Number.POSITIVE_INFINITY, { zone, anchorMs: fromMs }, count)]
  if (options.json === true) return JSON.stringify(fires.map((fireMs) => inZone(fireMs, zone)))
  return fires.length === 0 ? describeSilence(schedule, fromMs, zone) : table(fires, fromMs, zone)
}

function isGoodCount(count: number): boolean {
  return Number.isInteger(count) && count >= 1 && count <= mostCount
}

function describeSilence(schedule: Schedule, fromMs: number, zone: string): string {
  return schedule.kind === 'manual'
    ? 'never: @manually runs only when told to'
    : `never: no time after ${inZone(fromMs, zone)} matches`
}

function table(fires: readonly number[], fromMs: number, zone: string): string {
  const rows = fires.map((fireMs) => [inZone(fireMs, zone), weekday(fireMs, zone), `in ${delay(fireMs - fromMs)}`])
  const cells = [[`NEXT FIRE (${zone})`, 'DAY', 'AFTER'], ...rows]
  const width = Math.max(...cells.map(([fire = '']) => fire.length))
  return cells.map(([fire = '', day = '', after = '']) => `${fire.padEnd(width)}  ${day}  ${after}`).join('\n')
}

/** Offsets of the nineteenth century have seconds, RFC 3339 has none: the instant stays right, the offset is rounded. */
function inZone(atMs: number, zone: string): string {
  return formatRfc3339(atMs, Math.round(offsetMsAt(zone, atMs) / 60_000))
}

function weekday(atMs: number, zone: string): string {
  return new Date(atMs + offsetMsAt(zone, atMs)).toUTCString().slice(0, 3)
}

/** The two largest units: `3d 4h`, `15m`, `1.5s`. */
function delay(ms: number): string {
  if (ms < 60_000) return `${ms / 1_000}s`
  const seconds = Math.floor(ms / 1_000)
  const units = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const
  const largest = units.findIndex(([amount]) => amount > 0)
  const shown = units.slice(largest, largest + 2).filter(([amount]) => amount > 0)
  return shown.map(([amount, unit]) => `${amount}${unit}`).join(' ')
}
