/** The last runs of the jobs of a list, by name. */
import type { RecentRun, RecentRuns } from './wire.ts'

/** A job may be called `constructor`, as a property that every object has. @returns empty when they are not known yet */
export function runsOf(recent: RecentRuns['jobs'], name: string): readonly RecentRun[] {
  return Object.hasOwn(recent, name) ? (recent[name] ?? []) : []
}
