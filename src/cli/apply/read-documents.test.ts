import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { DocumentError } from '../errors.ts'
import { kindOf } from './document-kind.ts'
import { parseDocuments, readDocuments } from './read-documents.ts'

const folder = mkdtempSync(join(tmpdir(), 'apply-'))
afterAll(() => rmSync(folder, { recursive: true }))

const noInput = async () => ''

function bodies(text: string): readonly unknown[] {
  return parseDocuments('x', text).map(({ body }) => body)
}

test.each([
  ['a YAML document', 'name: a\nretries: 2\n', [{ name: 'a', retries: 2 }]],
  ['several, with an empty one', '---\nname: a\n---\n---\nname: b\n', [{ name: 'a' }, { name: 'b' }]],
  ['a YAML list', '- name: a\n- name: b\n', [{ name: 'a' }, { name: 'b' }]],
  ['a JSON object', '\t{"name": "a",\n\t"tags": {}}', [{ name: 'a', tags: {} }]],
  ['a JSON array', '[{"name": "a"}, {"name": "b"}]', [{ name: 'a' }, { name: 'b' }]],
  ['nothing', '# only a comment\n', []],
])('%s is read', (_name, text, expected) => {
  expect(bodies(text)).toEqual(expected)
})

test('each of several jobs has its place', () => {
  expect(parseDocuments('f', '[{"a": 1}, {"b": 1}]').map(({ place }) => place)).toEqual(['f#1', 'f#2'])
  expect(parseDocuments('f', '{"a": 1}').map(({ place }) => place)).toEqual(['f'])
})

test.each([
  ['schedule: */5 * * * * *', /^f:1:\d+: is no YAML or JSON: .*must be in quotes$/],
  ['schedule: @daily', /^f:1:\d+: is no YAML or JSON: .*must be in quotes$/],
  ['name: a\n  b: c\nd', /^f:\d:\d+: is no YAML or JSON: /],
  ['{"a": 1', /^f:1:\d+: is no YAML or JSON: /],
  ['a: 1\na: 2', /^f:2:1: is no YAML or JSON: duplicate key$/],
  ['just text', /^f: must be a job/],
  ['[1, 2]', /^f#1: must be a job/],
])('what is wrong with %j is told with its place', (text, message) => {
  expect(() => parseDocuments('f', text)).toThrow(DocumentError)
  expect(() => parseDocuments('f', text)).toThrow(message)
})

test.each([
  'Password: *pl4nted',
  'Password: pl4nted: x',
  '{"Password": "pl4nted" x}',
  '{"Password": pl4nted',
  'Password: "pl4nted',
  'Password: @pl4nted',
  'Password: !pl4nted x\n y: [',
])('no part of a file that cannot be read is shown: %s', (text) => {
  try {
    parseDocuments('f', text)
  } catch (error) {
    expect(String(error)).not.toContain('pl4nted')
    return
  }
  expect.fail('it was read')
})

test('of a folder its YAML and JSON files are taken, and those of its folders, by name', async () => {
  mkdirSync(join(folder, 'jobs/inner'), { recursive: true })
  const write = (name: string) => writeFileSync(join(folder, 'jobs', name), `name: ${name.replace(/\W/g, '-')}\n`)
  for (const name of ['b.yaml', 'a.yml', 'c.json.bak', '.hidden.yaml', 'notes.txt', 'inner/d.YAML']) write(name)
  const found = await readDocuments([join(folder, 'jobs')], noInput)
  expect(found.map(({ body }) => body['name'])).toEqual(['a-yml', 'b-yaml', 'inner-d-YAML'])
})

test('standard input is a file among others', async () => {
  writeFileSync(join(folder, 'one.json'), '{"name": "one"}')
  const found = await readDocuments(['-', join(folder, 'one.json')], async () => 'name: typed')
  expect(found.map(({ place }) => place)).toEqual(['standard input', join(folder, 'one.json')])
})

test('a file that is not there and a folder without jobs are errors', async () => {
  await expect(readDocuments([join(folder, 'absent')], noInput)).rejects.toThrow(/absent: cannot be read \(ENOENT\)$/)
  mkdirSync(join(folder, 'empty'))
  await expect(readDocuments([join(folder, 'empty')], noInput)).rejects.toThrow('there is no job in it')
})

test.each([
  [{ name: 'a', Schedule: '@daily' }, null, 'scheduled'],
  [{ name: 'a', command: 'x' }, 'scheduled', 'scheduled'],
  [{ name: 'a', disabled: true }, 'scheduled', 'scheduled'],
  [{ Name: 'a', tasks: [] }, null, 'replication'],
  [{ Name: 'a', Type: 'migration' }, 'replication', 'replication'],
] as const)('%j for %j is a %s job', (body, wanted, kind) => {
  expect(kindOf({ place: 'f', body }, wanted)).toBe(kind)
})

test.each([
  [{ Name: 'a', Tasks: [] }, 'scheduled', 'f: is a replication job; apply it with "millrace replication apply"'],
  [{ name: 'a', command: 'x' }, 'replication', 'f: is a scheduled job; apply it with "millrace job apply"'],
  [{ name: 'a', command: 'x', Tasks: [] }, null, 'f: has Tasks, as a replication job, and schedule or command'],
  [{ name: 'a' }, null, 'f: is neither a scheduled job'],
] as const)('%j for %j is refused', (body, wanted, message) => {
  expect(() => kindOf({ place: 'f', body }, wanted)).toThrow(message)
})
