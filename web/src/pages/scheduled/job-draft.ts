/**
 * A job while somebody edits it, as a form and as JSON; the two turn into each other without loss.
 *
 * Easy to get wrong: the form holds what was typed, also what is not valid yet. So numbers and durations are texts here,
 * tags are rows that may have the same name twice for a moment, and fields that nobody knows travel along.
 */
export type JsonObject = Readonly<Record<string, unknown>>

/** A row of tags or metadata. `id` tells rows apart while their names change. */
export interface Entry {
  readonly id: number
  readonly key: string
  readonly value: string
}

/** The names are those of the API, because its errors name them. */
export interface JobDraft {
  readonly name: string
  readonly displayname: string
  readonly schedule: string
  readonly timezone: string
  readonly command: string
  readonly shell: boolean
  readonly run_as_user: string
  readonly owner: string
  readonly owner_email: string
  readonly disabled: boolean
  readonly tags: readonly Entry[]
  readonly concurrency: string
  readonly catchup: string
  readonly late_limit: string
  readonly timeout: string
  readonly retries: string
  readonly retry_delay: string
  readonly metadata: readonly Entry[]
  /** What the document holds besides, as it was written. The agent ignores it. */
  readonly others: JsonObject
}

export type FieldName = Exclude<keyof JobDraft, 'others'>

export interface FieldProblem {
  /** `schedule`, or `tags.role` for a row. */
  readonly field: string
  readonly message: string
}

export const emptyDraft: JobDraft = {
  name: '',
  displayname: '',
  schedule: '',
  timezone: '',
  command: '',
  shell: false,
  run_as_user: '',
  owner: '',
  owner_email: '',
  disabled: false,
  tags: [],
  concurrency: 'allow',
  catchup: 'all',
  late_limit: '1m0s',
  timeout: '',
  retries: '0',
  retry_delay: '1s',
  metadata: [],
  others: {},
}

const fieldNames = Object.keys(emptyDraft).filter((name) => name !== 'others') as readonly FieldName[]
/** The agent counts these itself: an answer of the API may be pasted as it is. */
const agentOwned = new Set(['success_count', 'error_count', 'last_success', 'last_error', 'next', 'status'])

let lastEntryId = 0

export function newEntry(key = '', value = ''): Entry {
  lastEntryId += 1
  return { id: lastEntryId, key, value }
}

export type ReadDraft =
  | { readonly kind: 'draft'; readonly draft: JobDraft }
  | { readonly kind: 'invalid'; readonly issues: readonly FieldProblem[] }

/** What is missing in `document`, or null, gets its default. Names count without case, as the agent reads them. */
export function draftOf(document: JsonObject): ReadDraft {
  const values: Record<string, unknown> = {}
  // Any name may be in a document, also `__proto__`.
  const others = new Map<string, unknown>()
  const issues: FieldProblem[] = []
  for (const [key, value] of Object.entries(document)) {
    const name = fieldNames.find((field) => field === key.toLowerCase())
    if (name === undefined) {
      if (!agentOwned.has(key.toLowerCase())) others.set(key, value)
      continue
    }
    const read = value === null ? emptyDraft[name] : fieldValue(name, value)
    if (read === undefined) issues.push({ field: name, message: `must be ${wantedOf(name)}` })
    else values[name] = read
  }
  if (issues.length > 0) return { kind: 'invalid', issues }
  return { kind: 'draft', draft: { ...emptyDraft, ...values, others: Object.fromEntries(others) } }
}

/** All fields, in the order of the form. Rows without name and value are left out. */
export function documentOf(draft: JobDraft): JsonObject {
  return { ...Object.fromEntries(fieldNames.map((name) => [name, wireValue(name, draft)])), ...draft.others }
}

/** What the form holds and no document can say. */
export function rowIssues(draft: JobDraft): readonly FieldProblem[] {
  return (['tags', 'metadata'] as const).flatMap((field) => {
    const seen = new Set<string>()
    return draft[field].filter(isFilled).flatMap(({ key }) => {
      if (key === '') return [{ field: `${field}.`, message: 'needs a name' }]
      if (seen.has(key)) return [{ field: `${field}.${key}`, message: 'is there twice, give one of them another name' }]
      seen.add(key)
      return []
    })
  })
}

/** What a save has to send: the name, and what is not as it was. So two people who change different fields both win. */
export function changesOf(before: JobDraft, after: JobDraft): JsonObject {
  const old = documentOf(before)
  const changed = Object.entries(documentOf(after)).filter(
    ([name, value]) => !Object.hasOwn(old, name) || JSON.stringify(value) !== JSON.stringify(old[name]),
  )
  return { name: after.name, ...Object.fromEntries(changed) }
}

export function isChanged(before: JobDraft, after: JobDraft): boolean {
  return JSON.stringify(documentOf(before)) !== JSON.stringify(documentOf(after))
}

/** As the agent makes it (slugOf in src/model/scheduled-job.ts). */
export function slugOf(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/\s+/gu, '-')
    .replace(/[^\p{L}\p{M}\p{N}_-]/gu, '')
}

function fieldValue(name: FieldName, value: unknown): string | boolean | readonly Entry[] | undefined {
  if (name === 'tags' || name === 'metadata') return entriesOf(value)
  if (typeof emptyDraft[name] === 'boolean') return typeof value === 'boolean' ? value : undefined
  // A text such as "three" may come from the form; the agent says what is wrong with it.
  if (name === 'retries') return typeof value === 'number' || typeof value === 'string' ? String(value) : undefined
  if (typeof value !== 'string') return undefined
  // The agent reads an empty word as its default here.
  return value === '' && (name === 'concurrency' || name === 'catchup') ? emptyDraft[name] : value
}

function wantedOf(name: FieldName): string {
  if (name === 'tags' || name === 'metadata') return 'an object whose values are texts, such as {"role": "web"}'
  if (typeof emptyDraft[name] === 'boolean') return 'true or false'
  return name === 'retries' ? 'a whole number' : 'a text'
}

function entriesOf(value: unknown): readonly Entry[] | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const entries = Object.entries(value)
  if (!entries.every((entry): entry is [string, string] => typeof entry[1] === 'string')) return undefined
  return entries.map(([key, text]) => newEntry(key, text))
}

function wireValue(name: FieldName, draft: JobDraft): unknown {
  if (name === 'tags' || name === 'metadata')
    return Object.fromEntries(draft[name].filter(isFilled).map(({ key, value }) => [key, value]))
  if (name !== 'retries') return draft[name]
  const text = draft.retries.trim()
  return text === '' ? 0 : /^-?\d{1,15}$/.test(text) ? Number(text) : text
}

function isFilled({ key, value }: Entry): boolean {
  return key !== '' || value !== ''
}
