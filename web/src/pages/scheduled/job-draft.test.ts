import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  changesOf,
  documentOf,
  draftOf,
  emptyDraft,
  isChanged,
  type JobDraft,
  type JsonObject,
  newEntry,
  rowIssues,
  slugOf,
} from './job-draft.ts'
import { jobText, readJobText } from './job-text.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 30 })
const map = fc.dictionary(
  text.filter((key) => key !== '' && key !== '__proto__'),
  text,
  { maxKeys: 5 },
)
const anyDocument = fc.record({
  name: text,
  displayname: text,
  schedule: text,
  timezone: text,
  command: text,
  shell: fc.boolean(),
  run_as_user: text,
  owner: text,
  owner_email: text,
  disabled: fc.boolean(),
  tags: map,
  concurrency: fc.constantFrom('allow', 'forbid'),
  catchup: fc.constantFrom('all', 'last', 'none'),
  late_limit: text,
  timeout: text,
  retries: fc.integer({ min: 0, max: 100 }),
  retry_delay: text,
  metadata: map,
})

function read(document: JsonObject): JobDraft {
  const answer = draftOf(document)
  if (answer.kind === 'invalid') throw new Error(JSON.stringify(answer.issues))
  return answer.draft
}

describe('a job in the form and as JSON', () => {
  test('turns into each other without loss, with fields that nobody knows too', () => {
    fc.assert(
      fc.property(anyDocument, (document) => {
        const full = { ...document, executor: 'shell', executor_config: { command: ['a', 1, null] } }
        expect(documentOf(read(full))).toEqual(full)
        const again = readJobText(jobText(read(full)), null)
        expect(again.kind === 'draft' && documentOf(again.draft)).toEqual(full)
      }),
    )
  })

  test('what is missing or null gets the default of the agent', () => {
    const draft = read({ name: 'a', schedule: '@daily', command: 'true', retries: null, tags: null, catchup: '' })
    expect(draft).toEqual({ ...emptyDraft, name: 'a', schedule: '@daily', command: 'true' })
  })

  test('an answer of the API can be pasted: what the agent counts is left out', () => {
    const answer = { name: 'a', success_count: 3, error_count: 0, last_success: null, next: null, status: 'success' }
    expect(read(answer).others).toEqual({})
  })

  test('names of fields count without case', () => {
    expect(read({ Name: 'a', Shell: true })).toMatchObject({ name: 'a', shell: true, others: {} })
  })

  test('a value of the wrong type is told at its field, all of them at once', () => {
    const answer = draftOf({ name: 1, shell: 'yes', tags: { role: 2 }, metadata: [], retries: [] })
    expect(answer.kind === 'invalid' && answer.issues.map(({ field }) => field)).toEqual([
      'name',
      'shell',
      'tags',
      'metadata',
      'retries',
    ])
  })

  test('a number that is none stays as it was typed, for the agent to refuse', () => {
    expect(documentOf({ ...emptyDraft, retries: 'three' })['retries']).toBe('three')
    expect(read({ retries: 'three' }).retries).toBe('three')
  })

  test('blank rows are not sent; rows that no document can hold are told', () => {
    const draft = { ...emptyDraft, tags: [newEntry(), newEntry('role', 'web')], metadata: [newEntry('', 'x')] }
    expect(documentOf(draft)['tags']).toEqual({ role: 'web' })
    expect(rowIssues(draft)).toEqual([{ field: 'metadata.', message: 'needs a name' }])
    const twice = { ...emptyDraft, tags: [newEntry('role', 'web'), newEntry('role', 'db')] }
    expect(rowIssues(twice).map(({ field }) => field)).toEqual(['tags.role'])
  })
})

describe('a save', () => {
  const before = read({ name: 'a', schedule: '@daily', command: 'true', tags: { role: 'web' }, timeout: '5s' })

  test('sends the name and what was changed, nothing else', () => {
    const after = { ...before, tags: [], command: 'false' }
    expect(changesOf(before, after)).toEqual({ name: 'a', command: 'false', tags: {} })
  })

  test('keeps fields that nobody knows, whatever they are called', () => {
    const document = JSON.parse('{"name": "a", "__proto__": {"retries": 3}, "constructor": 1}') as JsonObject
    const { draft } = draftOf(document) as { draft: JobDraft }
    expect(Object.entries(changesOf(before, draft))).toEqual(
      expect.arrayContaining([
        ['__proto__', { retries: 3 }],
        ['constructor', 1],
      ]),
    )
  })

  test('of nothing changed sends the name alone', () => {
    expect(changesOf(before, { ...before })).toEqual({ name: 'a' })
    expect(isChanged(before, { ...before, tags: [newEntry('role', 'web'), newEntry()] })).toBe(false)
    expect(isChanged(before, { ...before, timeout: '' })).toBe(true)
  })
})

describe('JSON that is wrong', () => {
  test.each([
    ['{\n  "name": "a",\n  oops\n}', /line 3, column 3/],
    ['{"name": "a"', /not valid JSON/],
    ['["a"]', /one JSON object/],
    ['{"name": 5}', /"name" must be a text/],
    ['{"name": "b"}', /name stays "a"/],
  ])('%j is told with the place', (text, message) => {
    const read = readJobText(text, 'a')
    expect(read.kind === 'invalid' && read.message).toMatch(message)
  })
})

test.each([
  [' Every  Second ', 'every-second'],
  ['Füße/β_2!', 'füßeβ_2'],
  ['///', ''],
])('the name %j is stored as %j', (name, slug) => {
  expect(slugOf(name)).toBe(slug)
})
