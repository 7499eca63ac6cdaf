/** How the target is waited for while it still gets changes. */
export interface LiveTarget {
  /** Resolves when the target has everything that the source had committed at the time of the call. */
  caughtUp(signal: AbortSignal): Promise<void>
}
