/**
 * How long one next fire takes, and how that compares with croner in the same run.
 *
 * Run with: node bench/schedule-next.ts
 */
import { Cron } from 'croner'
import { nextFire } from '../src/schedule/grammar/next-fire.ts'
import { parseSchedule } from '../src/schedule/grammar/parse-schedule.ts'
import { type Figure, tellFigures } from './figures.ts'

const cases = [
  ['* * * * * *', 'UTC'],
  ['0 */5 * * * *', 'UTC'],
  ['0 */5 * * * *', 'Europe/Berlin'],
  ['0 30 2 * * *', 'Europe/Berlin'],
  ['0 0 9-17 * * MON-FRI', 'America/New_York'],
  ['0 0 0 1 * *', 'Australia/Lord_Howe'],
  ['0 0 0 29 2 *', 'Europe/Berlin'],
] as const

const startMs = Date.UTC(2026, 0, 1)
/** Two years, so that all the changes of the clock take part. */
const stepMs = 7 * 60_000 * 1_439

/** Nanoseconds a call, the best of a few rounds, each at other instants of the same two years. */
function measure(next: (afterMs: number) => unknown, calls: number): number {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 4; round += 1) {
    const began = process.hrtime.bigint()
    for (let call = 0; call < calls; call += 1) next(startMs + ((call * stepMs) % (2 * 365 * 86_400_000)))
    best = Math.min(best, Number(process.hrtime.bigint() - began) / calls)
  }
  return best
}

const figures: Figure[] = []
for (const [spec, zone] of cases) {
  const schedule = parseSchedule(spec)
  const context = { zone, anchorMs: startMs }
  const oracle = new Cron(spec, { timezone: zone, paused: true })
  const ours = measure((afterMs) => nextFire(schedule, afterMs, context), 20_000)
  const theirs = measure((afterMs) => oracle.nextRun(new Date(afterMs)), 1_000)
  figures.push({ measure: `${spec} in ${zone}`, value: ours, unit: 'ns', comparedWith: 'croner', ratio: theirs / ours })
}

const zones = Intl.supportedValuesOf('timeZone')
const daily = parseSchedule('@daily')
let next = 0
const spread = measure((afterMs) => {
  next = (next + 1) % zones.length
  return nextFire(daily, afterMs, { zone: zones[next] ?? 'UTC', anchorMs: 0 })
}, 20_000)
figures.push({ measure: `@daily in ${zones.length} zones in turn`, value: spread, unit: 'ns' })
tellFigures(figures)
