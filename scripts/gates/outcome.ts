/** What a suite of tests came to. */
export interface Outcome {
  readonly passed: number
  readonly failed: number
  /** What went wrong, one entry each, told once more behind the last suite. */
  readonly remarks: readonly string[]
}

export const onePassed: Outcome = { passed: 1, failed: 0, remarks: [] }

export function oneFailed(remark: string): Outcome {
  return { passed: 0, failed: 1, remarks: [remark] }
}
