/** When a job should have fired, computed from its plan alone. */
import type { JobFacts } from './facts.ts'

/** Right after a job was stored, and right before it was ended, either is right. */
const settlingMs = 2_000
/** A fire that the end of its job overtook need not be there: whoever leads may have been a little behind. */
const endingMs = 5_000

/** Every instant at which it must have fired. */
export function certainFires(job: JobFacts): readonly number[] {
  return firesBetween(job, job.createdAt + settlingMs, job.endAskedAt - endingMs)
}

/** True for an instant at which it may have fired. */
export function mayFireAt(job: JobFacts, atMs: number): boolean {
  if (atMs < job.createAskedAt || atMs > job.endedAt + settlingMs) return false
  return firesBetween(job, atMs, atMs).length === 1
}

/** All fires from `fromMs` to `toMs`, both included. */
function firesBetween({ plan, firstFireAt }: JobFacts, fromMs: number, toMs: number): readonly number[] {
  const { due } = plan
  switch (due.kind) {
    case 'never':
      return []
    case 'seconds':
      return steps(due.offset * 1_000, due.period * 1_000, fromMs, toMs)
    case 'interval':
      return steps(firstFireAt ?? 0, due.seconds * 1_000, Math.max(fromMs, firstFireAt ?? 0), toMs)
  }
}

function steps(anchorMs: number, stepMs: number, fromMs: number, toMs: number): readonly number[] {
  const first = anchorMs + Math.ceil((fromMs - anchorMs) / stepMs) * stepMs
  const count = Math.max(0, Math.floor((toMs - first) / stepMs) + 1)
  return Array.from({ length: count }, (_none, index) => first + index * stepMs)
}
