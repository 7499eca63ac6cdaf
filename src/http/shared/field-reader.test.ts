import { expect, test } from 'vitest'
import { InvalidError } from '../../core/errors.ts'
import { FieldReader } from './field-reader.ts'

test.each([[null], [[]], ['text'], [7], [true]])('a body that is %j instead of an object is malformed', (body) => {
  expect(() => FieldReader.of(body)).toThrow(/must be a JSON object/)
})

test('fields of the right type are read as they are', () => {
  const reader = FieldReader.of({ s: 'x', b: false, n: 0, m: { a: 'b' }, l: ['c'], e: 'all', d: '1m' })
  expect(reader.string('s')).toBe('x')
  expect(reader.boolean('b')).toBe(false)
  expect(reader.integer('n')).toBe(0)
  expect(reader.stringMap('m')).toEqual({ a: 'b' })
  expect(reader.strings('l')).toEqual(['c'])
  expect(reader.oneOf('e', ['all', 'none'])).toBe('all')
  expect(reader.text('d', 'a duration', (text) => text.length)).toBe(2)
  expect(reader.issues).toEqual([])
  expect(reader.unknownNames()).toEqual([])
})

test('an absent field is undefined and a null field is null, both without an issue', () => {
  const reader = FieldReader.of({ given: null })
  expect([reader.string('given'), reader.string('absent')]).toEqual([null, undefined])
  expect([reader.object('given'), reader.objects('given'), reader.stringMap('given')]).toEqual([null, null, null])
  expect(reader.issues).toEqual([])
})

test.each([
  ['string', 7, 'must be a string', (r: FieldReader) => r.string('f')],
  ['boolean', 'true', 'must be true or false', (r: FieldReader) => r.boolean('f')],
  ['integer', 1.5, 'must be a whole number', (r: FieldReader) => r.integer('f')],
  ['integer beyond 2^53', 2 ** 53, 'must be a whole number', (r: FieldReader) => r.integer('f')],
  ['integer as text', '5', 'must be a whole number', (r: FieldReader) => r.integer('f')],
  ['integer range', 70_000, 'must be a whole number from 1 to 65535', (r: FieldReader) => r.integer('f', port)],
  ['integer floor', 0, 'must be a whole number of at least 1', (r: FieldReader) => r.integer('f', { min: 1 })],
  ['word', 'some', 'must be one of "all", "none"', (r: FieldReader) => r.oneOf('f', ['all', 'none'])],
  ['word in other case', 'ALL', 'must be one of "all", "none"', (r: FieldReader) => r.oneOf('f', ['all', 'none'])],
  ['map', ['a'], 'must be an object of strings', (r: FieldReader) => r.stringMap('f')],
  ['array', {}, 'must be an array', (r: FieldReader) => r.array('f')],
  ['strings', ['a', 1], 'must be an array of strings', (r: FieldReader) => r.strings('f')],
  ['object', [], 'must be an object', (r: FieldReader) => r.object('f')],
  ['objects', {}, 'must be an array of objects', (r: FieldReader) => r.objects('f')],
  ['parsed text', 'x', 'must be a duration', (r: FieldReader) => r.text('f', 'a duration', () => null)],
] as const)('a wrong %s is an issue that names field, value and what is allowed', (_name, value, message, read) => {
  const reader = FieldReader.of({ f: value })
  expect(read(reader)).toBeUndefined()
  expect(reader.issues).toEqual([{ field: 'f', value, message }])
  expect(() => reader.throwIfInvalid()).toThrow(InvalidError)
})

const port = { min: 1, max: 65_535 }

test('a number as text is read where it is allowed', () => {
  expect(FieldReader.of({ p: '3306' }).integer('p', { ...port, allowText: true })).toBe(3306)
})

test('nested readers report to one list, with the whole path', () => {
  const reader = FieldReader.of({ Tasks: [{ Config: { Port: 'x', Odd: 1 } }, 5], Extra: 1 })
  for (const task of reader.objects('Tasks') ?? []) task.object('Config')?.integer('Port', port)
  expect(reader.issues.map((issue) => issue.field)).toEqual(['Tasks[1]', 'Tasks[0].Config.Port'])
  expect(reader.unknownNames()).toEqual(['Extra', 'Tasks[0].Config.Odd'])
})

test('each value of a map that is no string has its own issue', () => {
  const reader = FieldReader.of({ tags: { role: 'web', count: 2, zone: null } })
  expect(reader.stringMap('tags')).toBeUndefined()
  expect(reader.issues.map((issue) => issue.field)).toEqual(['tags.count', 'tags.zone'])
})

test('names are found in any letter case, the exact spelling first', () => {
  expect(FieldReader.of({ NAME: 'a' }).string('Name')).toBe('a')
  const both = FieldReader.of({ name: 'exact', Name: 'other' })
  expect(both.string('name')).toBe('exact')
  expect(both.unknownNames()).toEqual([])
})

test('ignored names are known and everything never asked for is unknown', () => {
  const reader = FieldReader.of({ a: 1, b: 2 })
  reader.ignore('a')
  expect(reader.unknownNames()).toEqual(['b'])
})

test('__proto__ and constructor in a body are ordinary unknown fields', () => {
  const reader = FieldReader.of(
    JSON.parse('{"__proto__": {"name": "x"}, "constructor": 1, "tags": {"__proto__": "t"}}'),
  )
  expect(reader.string('name')).toBeUndefined()
  expect(reader.stringMap('tags')).toEqual(JSON.parse('{"__proto__": "t"}'))
  expect(reader.has('toString')).toBe(false)
  expect(reader.unknownNames()).toEqual(['__proto__', 'constructor'])
})

test('a password is never in an issue, be it the value, inside it, or in an address', () => {
  const secret = 'hunter2'
  const reader = FieldReader.of({ Password: [secret], Config: [{ password: secret }], Url: [`mysql://u:${secret}@h/`] })
  reader.string('Password')
  reader.object('Config')
  reader.string('Url')
  expect(reader.issues).toHaveLength(3)
  expect(JSON.stringify(reader.issues)).not.toContain(secret)
})

test('a huge or deep value is shortened in the issue', () => {
  let deep: unknown = 'x'
  for (let level = 0; level < 5_000; level += 1) deep = [deep]
  const reader = FieldReader.of({ text: 'a'.repeat(100_000), deep })
  reader.boolean('text')
  reader.boolean('deep')
  expect(JSON.stringify(reader.issues).length).toBeLessThan(1_000)
})
