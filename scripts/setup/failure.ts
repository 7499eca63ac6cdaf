/** A set-up step that cannot go on; the message names what failed and the cure, so no stack trace is shown. */
export class SetupError extends Error {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.name = 'SetupError'
  }
}

/** Tells the person and ends the process with status 1; what was not foreseen keeps its stack. */
export function exitWithFailure(task: string, error: unknown): never {
  const known = error instanceof SetupError || (error instanceof Error && 'code' in error)
  const text = error instanceof Error && !known ? (error.stack ?? error.message) : messageOf(error)
  process.stderr.write(`millrace ${task}: ${text}\n`)
  process.exit(1)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
