/** The JSON of a job as somebody edits it: read with a message that says where it is wrong. */
import { documentOf, draftOf, type JobDraft, type JsonObject } from './job-draft.ts'

export type ReadText =
  | { readonly kind: 'draft'; readonly draft: JobDraft }
  | { readonly kind: 'invalid'; readonly message: string }

export function jobText(draft: JobDraft): string {
  return JSON.stringify(documentOf(draft), null, 2)
}

/** @param fixedName the name of a stored job, which another name would leave in place beside a new one */
export function readJobText(text: string, fixedName: string | null): ReadText {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    return { kind: 'invalid', message: `This is not valid JSON${placeOf(error, text)}.` }
  }
  if (!isObject(parsed)) return { kind: 'invalid', message: 'A job is one JSON object: { "name": ... }.' }
  const read = draftOf(parsed)
  if (read.kind === 'invalid')
    return { kind: 'invalid', message: read.issues.map(({ field, message }) => `"${field}" ${message}.`).join(' ') }
  if (fixedName !== null && read.draft.name !== fixedName)
    return { kind: 'invalid', message: `The name stays "${fixedName}": it is what the job is stored under.` }
  return read
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Browsers say the place differently: V8 and JavaScriptCore by position, Firefox by line and column. */
function placeOf(error: unknown, text: string): string {
  const message = error instanceof Error ? error.message : ''
  const byLine = /line (\d+) column (\d+)/.exec(message)
  if (byLine !== null) return `, look at line ${byLine[1]}, column ${byLine[2]}`
  const byPosition = /position (\d+)/.exec(message)
  if (byPosition === null) return /end of/i.test(message) ? ': it ends too early' : ''
  const before = text.slice(0, Number(byPosition[1])).split('\n')
  return `, look at line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`
}
