import { expect, test } from 'vitest'
import { readScope } from './scope-flags.ts'

const whole = (schema: string) => ({ schema, tables: [] })

test.each([
  [{}, { include: [], exclude: [] }],
  [{ schemas: 'a, b' }, { include: [whole('a'), whole('b')], exclude: [] }],
  [
    { tables: 'a.x,a.y , b.*' },
    {
      include: [
        { schema: 'a', tables: ['x', 'y'] },
        { schema: 'b', tables: ['*'] },
      ],
      exclude: [],
    },
  ],
  [
    { schemas: 'a', tables: 'b.x' },
    { include: [whole('a'), { schema: 'b', tables: ['x'] }], exclude: [] },
  ],
  [{ exclude: 'a,b.log' }, { include: [], exclude: [whole('a'), { schema: 'b', tables: ['log'] }] }],
  [{ schemas: '`a.b`,`c,d`,`e``f`' }, { include: [whole('a.b'), whole('c,d'), whole('e`f')], exclude: [] }],
  [
    { tables: '`a.b`.`c d`, my-db.order by' },
    {
      include: [
        { schema: 'a.b', tables: ['c d'] },
        { schema: 'my-db', tables: ['order by'] },
      ],
      exclude: [],
    },
  ],
])('%j', (flags, scope) => {
  expect(readScope(flags)).toEqual(scope)
})

test.each([
  [{ schemas: 'a.b' }, /--schemas: "a\.b" names a table; use --tables/],
  [{ tables: 'a' }, /--tables: "a" must be SCHEMA\.TABLE/],
  [{ tables: 'a.b.c' }, /put backticks around odd names/],
  [{ schemas: 'a,,b' }, /empty name/],
  [{ exclude: 'a.' }, /empty name/],
  [{ schemas: '' }, /empty name/],
])('%j is refused', (flags, message) => {
  expect(() => readScope(flags)).toThrow(message)
})
