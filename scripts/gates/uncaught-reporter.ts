/** A reporter for vitest: counts the errors that no test caught, which its JSON report leaves out. */
import { writeFileSync } from 'node:fs'

/** Names the file that the count goes to. Not MILLRACE_...: an agent that a test starts refuses a setting it does not know. */
export const uncaughtFileVariable = 'UNCAUGHT_ERRORS_FILE'

export default class UncaughtReporter {
  onTestRunEnd(_modules: readonly unknown[], uncaught: readonly unknown[]): void {
    const path = process.env[uncaughtFileVariable]
    if (path !== undefined) writeFileSync(path, String(uncaught.length))
  }
}
