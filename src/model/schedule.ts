/**
 * When a job fires, as data: what `parseSchedule` understood of a specification.
 *
 * Easy to get wrong: a schedule alone does not know its zone. `zone` is only what the specification itself named
 * (`CRON_TZ=`), which wins over the job's and the agent's; null means it named none.
 */
export type Schedule = CronSchedule | EverySchedule | AtSchedule | ManualSchedule

/** Fires whenever the local time matches every field. All lists are sorted, without doubles and never empty. */
export interface CronSchedule {
  readonly kind: 'cron'
  readonly zone: string | null
  readonly seconds: readonly number[]
  readonly minutes: readonly number[]
  readonly hours: readonly number[]
  readonly daysOfMonth: readonly number[]
  /** 1 is January. */
  readonly months: readonly number[]
  /** 0 is Sunday, 6 is Saturday. */
  readonly daysOfWeek: readonly number[]
  /** True when a day must be in both day lists; false when one of them is enough. */
  readonly daysMustBothMatch: boolean
  /**
   * True for an interval (a `*` or a step in hour or minute): it runs as the clock on the wall shows, again in a
   * repeated hour, not at all in a skipped one. False for a fixed time: once a day it names, whatever the clock does.
   */
  readonly followsWallClock: boolean
}

/** Fires at the anchor plus every positive multiple of the interval. */
export interface EverySchedule {
  readonly kind: 'every'
  readonly zone: string | null
  /** Whole seconds, at least one. */
  readonly intervalMs: number
}

/** Fires once. */
export interface AtSchedule {
  readonly kind: 'at'
  readonly zone: string | null
  readonly atMs: number
}

/** Fires only when somebody says so. */
export interface ManualSchedule {
  readonly kind: 'manual'
  readonly zone: string | null
}
