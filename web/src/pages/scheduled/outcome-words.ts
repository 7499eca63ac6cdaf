/** Outcomes and states in the words and tones that people see. */
import type { Tone } from '../../ui/status-badge.tsx'
import type { JobStatus } from './list-query.ts'
import type { JobAnswer, Outcome } from './wire.ts'

export const toneOf: Readonly<Record<Outcome, Tone>> = {
  running: 'busy',
  succeeded: 'good',
  failed: 'bad',
  missed: 'warn',
  skipped: 'idle',
  unplaced: 'bad',
  unknown: 'warn',
  lost: 'bad',
}

/** What an outcome means, for who does not know the word. The table is in docs/scheduling.md. */
export const meaningOf: Readonly<Record<Outcome, string>> = {
  running: 'The command runs now.',
  succeeded: 'The command ended with status 0.',
  failed: 'The command ended with another status, could not be started, was stopped, or ran into its time limit.',
  missed: 'It would have been too late, or catch-up did not ask for it.',
  skipped: 'An earlier execution still ran, and the job forbids overlap.',
  unplaced: 'No node matches the tags of the job.',
  unknown: 'It was started, and nobody saw how it ended.',
  lost: 'Its node is gone, and nobody knows whether it ran there.',
}

export const statusWords: Readonly<Record<JobStatus, { readonly text: string; readonly tone: Tone }>> = {
  failing: { text: 'Failing', tone: 'bad' },
  succeeding: { text: 'Succeeding', tone: 'good' },
  running: { text: 'Running', tone: 'busy' },
  disabled: { text: 'Disabled', tone: 'idle' },
  never: { text: 'Never ran', tone: 'idle' },
}

/** Whole percents, but never 100 when something failed, and never 0 when something succeeded. Null without executions. */
export function successPercent(successes: number, failures: number): number | null {
  const total = successes + failures
  if (total === 0) return null
  const percent = Math.round((successes / total) * 100)
  if (failures > 0 && percent === 100) return 99.9
  return successes > 0 && percent === 0 ? 0.1 : percent
}

/** As the list of jobs says it. */
export function statusOf(job: Pick<JobAnswer, 'disabled' | 'status'>, isRunning: boolean): JobStatus {
  if (isRunning) return 'running'
  if (job.disabled) return 'disabled'
  if (job.status === '') return 'never'
  return job.status === 'success' ? 'succeeding' : 'failing'
}
