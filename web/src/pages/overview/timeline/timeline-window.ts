/** Which stretch of time is shown, and where its marks stand. */

export interface Range {
  readonly key: string
  readonly title: string
  /** As far back as forward. */
  readonly halfMs: number
  readonly bucketMs: number
  /** Between two times written below. */
  readonly markMs: number
}

export const ranges = [
  { key: '15m', title: '15 min', halfMs: 900_000, bucketMs: 15_000, markMs: 300_000 },
  { key: '1h', title: '1 h', halfMs: 3_600_000, bucketMs: 60_000, markMs: 900_000 },
] as const satisfies readonly Range[]

/** The address to ask; the same for all instants of one bucket. */
export function timelinePath({ halfMs, bucketMs }: Range, nowMs: number): string {
  const middleMs = Math.floor(nowMs / bucketMs) * bucketMs
  const [from, to] = [middleMs - halfMs, middleMs + halfMs].map((ms) => new Date(ms).toISOString())
  return `/ops/timeline?from=${from}&to=${to}&buckets=${(2 * halfMs) / bucketMs}`
}

/** Where the times below stand: whole multiples in the user's own time zone. @returns epoch ms */
export function marksWithin(fromMs: number, toMs: number, stepMs: number, offsetMinutes: number): readonly number[] {
  const shiftMs = offsetMinutes * 60_000
  const first = Math.ceil((fromMs - shiftMs) / stepMs) * stepMs + shiftMs
  const count = Math.max(0, Math.floor((toMs - first) / stepMs) + 1)
  return Array.from({ length: count }, (_, index) => first + index * stepMs)
}
