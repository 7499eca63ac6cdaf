/**
 * Collects what is wrong with a job's JSON, from reading it and from checking what was read, under the names of the JSON.
 *
 * Easy to get wrong: an object of the wrong type, or one too many, may be a connection string with a password; such a
 * value is never shown.
 */
import { InvalidError, type Issue } from '../../core/errors.ts'
import type { FieldReader } from '../shared/field-reader.ts'
import { shownValue } from '../shared/shown-value.ts'

export class JobIssues {
  readonly #body: FieldReader
  readonly #own: Issue[] = []

  /** @param body the reader of the whole body, which knows what was noted in it */
  constructor(body: FieldReader) {
    this.#body = body
  }

  /** Notes a problem without the value at fault. */
  note(field: string, message: string): void {
    this.#own.push({ field, value: null, message })
  }

  isNoted(reader: FieldReader, name: string): boolean {
    const field = reader.pathOf(name)
    return this.#all().some((issue) => issue.field === field)
  }

  /** @returns null when it is absent or no object, which is noted */
  requiredObject(reader: FieldReader, name: string): FieldReader | null {
    const found = this.optionalObject(reader, name)
    if (found === null && !this.isNoted(reader, name)) this.note(reader.pathOf(name), 'must be given, as an object')
    return found
  }

  optionalObject(reader: FieldReader, name: string): FieldReader | null {
    const value = reader.any(name)
    if (value === undefined || value === null) return null
    if (typeof value === 'object' && !Array.isArray(value)) return reader.object(name) ?? null
    this.note(reader.pathOf(name), 'must be an object')
    return null
  }

  /**
   * Adds what the check of the draft found, in the names of the JSON; what only follows from a value that could not be
   * read is left out.
   *
   * @param fieldOf null for what is in a task that is missing
   * @throws InvalidError with everything, when there is anything
   */
  throwWith(checked: readonly Issue[], fieldOf: (draftField: string) => string | null): void {
    const read = this.#all()
    const more = checked.flatMap(({ field: draftField, value, message }) => {
      const field = fieldOf(draftField)
      if (field === null || read.some((issue) => isAbout(issue.field, field))) return []
      return [{ field, value: shownValue(field, value), message }]
    })
    const issues = [...read, ...more]
    if (issues.length > 0) throw new InvalidError(issues)
  }

  #all(): readonly Issue[] {
    return [...this.#body.issues, ...this.#own]
  }
}

/** True when one of them is, or is inside of, the other, or both are the same value in two forms (`Key.Port`, `Port`). */
function isAbout(noted: string, field: string): boolean {
  return noted.startsWith(`${field}.`) || field.startsWith(`${noted}.`) || noted.replace('.Key.', '.') === field
}
