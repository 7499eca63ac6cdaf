/**
 * The bars of the timeline. What went well stands on the water line, what is to come as well; what went wrong sinks below it,
 * with a scale of its own, so that one failure among thousands is seen.
 */
import type { TimelineBucket } from './timeline-wire.ts'

export type BarKind = 'succeeded' | 'running' | 'due' | 'failed' | 'missed'

export interface Bar {
  readonly kind: BarKind
  readonly bucket: number
  /** Share of the height above the line (`isAbove`) or below it, from the line. */
  readonly from: number
  readonly to: number
  readonly isAbove: boolean
}

const above: readonly BarKind[] = ['succeeded', 'running', 'due']
const below: readonly BarKind[] = ['failed', 'missed']

export function barsOf(buckets: readonly TimelineBucket[]): readonly Bar[] {
  return [...side(buckets, above, true), ...side(buckets, below, false)]
}

function side(buckets: readonly TimelineBucket[], kinds: readonly BarKind[], isAbove: boolean): readonly Bar[] {
  const most = Math.max(1, ...buckets.map((bucket) => sum(bucket, kinds)))
  return buckets.flatMap((bucket, index) => {
    let from = 0
    return kinds.flatMap((kind) => {
      if (bucket[kind] === 0) return []
      const to = from + bucket[kind] / most
      const bar = { kind, bucket: index, from, to, isAbove }
      from = to
      return [bar]
    })
  })
}

function sum(bucket: TimelineBucket, kinds: readonly BarKind[]): number {
  return kinds.reduce((total, kind) => total + bucket[kind], 0)
}

const words: Readonly<Record<BarKind, string>> = {
  succeeded: 'succeeded',
  failed: 'failed',
  missed: 'not run',
  running: 'running',
  due: 'to come',
}

/** `12 succeeded, 1 failed`; `nothing` for an empty one. */
export function bucketText(bucket: TimelineBucket): string {
  const parts = [...above, ...below].filter((kind) => bucket[kind] > 0).map((kind) => `${bucket[kind]} ${words[kind]}`)
  return parts.length === 0 ? 'nothing' : parts.join(', ')
}

/** All buckets in one. */
export function totalsOf(buckets: readonly TimelineBucket[]): Readonly<Record<BarKind, number>> {
  const total = (kind: BarKind) => buckets.reduce((count, bucket) => count + bucket[kind], 0)
  return {
    succeeded: total('succeeded'),
    running: total('running'),
    due: total('due'),
    failed: total('failed'),
    missed: total('missed'),
  }
}
