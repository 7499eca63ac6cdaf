/**
 * What becomes of a command whose output nobody reads any more, as behind `| head`.
 *
 * Easy to get wrong: a command that changes something must not end with status 0 before it has done so; a script goes on
 * with that.
 */

/** Their output is all that they are for. */
const reading: ReadonlySet<string> = new Set([
  'jobs',
  'job show',
  'executions',
  'logs',
  'schedule next',
  'replications',
  'replication show',
  'replication stats',
  'members',
  'cluster status',
  'config show',
  'completion',
  'version',
])

/** True when the command may end at once, well; every other one goes on without output, and its exit status tells. */
export function endsWithItsReader([first = '', second = '']: readonly string[]): boolean {
  return reading.has(first) || reading.has(`${first} ${second}`)
}
