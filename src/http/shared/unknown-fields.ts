/** Fields that nobody reads, told with everything else that is wrong: one of them may be a misspelt required one. */
import { InvalidError } from '../../core/errors.ts'

/** @throws InvalidError with the unknown fields besides its own issues; any other error as it is */
export function throwWithUnknown(error: unknown, unknown: readonly string[]): never {
  if (!(error instanceof InvalidError)) throw error
  const issues = unknown.map((field) => ({ field, value: null, message: 'is no field of a job' }))
  throw new InvalidError([...issues, ...error.issues])
}
