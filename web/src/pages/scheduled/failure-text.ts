/** The message of anything that was thrown; the agent's say what to do. */
export function failureText(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
