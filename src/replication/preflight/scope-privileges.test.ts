import { expect, test } from 'vitest'
import { parseGrants } from '../../mysql/grants.ts'
import { hiddenScope } from './scope-privileges.ts'

const whole = (schema: string) => ({ schema, tables: [] })

test.each([
  ['everything may be read', ['GRANT SELECT ON *.* TO u'], [whole('a')], [], []],
  ['a schema that is named may be read', ['GRANT SELECT ON `a`.* TO u'], [whole('a')], ['a'], []],
  ['a schema that is named may not be read', ['GRANT USAGE ON *.* TO u'], [whole('a')], [], ['`a`.*']],
  ['one of two may not', ['GRANT SELECT ON `a`.* TO u'], [whole('a'), whole('b`c')], ['a'], ['`b``c`.*']],
  ['a whole schema of which one table may', ['GRANT SELECT ON `a`.`t` TO u'], [whole('a')], ['a'], ['`a`.*']],
  ['a table that is named may', ['GRANT SELECT ON `a`.`t` TO u'], [{ schema: 'a', tables: ['t'] }], ['a'], []],
  [
    'a table that is named may not',
    ['GRANT SELECT ON `a`.`t` TO u'],
    [{ schema: 'a', tables: ['t', 'x'] }],
    ['a'],
    ['`a`.`x`'],
  ],
  [
    'two tables that are named may not',
    ['GRANT SELECT ON `a`.`t` TO u'],
    [{ schema: 'a', tables: ['x', 't', 'y'] }],
    ['a'],
    ['`a`.`x`', '`a`.`y`'],
  ],
  ['patterns of tables, some seen', ['GRANT SELECT ON `a`.`t1` TO u'], [{ schema: 'a', tables: ['t*'] }], ['a'], []],
  ['patterns of tables, none seen', ['GRANT USAGE ON *.* TO u'], [{ schema: 'a', tables: ['t*'] }], [], ['`a`.*']],
  ['a pattern of schemas, some seen', ['GRANT SELECT ON `a1`.* TO u'], [whole('a*')], ['a1'], []],
  ['a pattern of schemas, none seen', ['GRANT USAGE ON *.* TO u'], [whole('/^a/')], [], ['*.*']],
  ['no filter, something seen', ['GRANT SELECT ON `a`.* TO u'], [], ['a'], []],
  ['no filter, nothing seen', ['GRANT USAGE ON *.* TO u'], [], [], ['*.*']],
] as const)('what is hidden from an account: %s', (_name, grants, include, seen, hidden) => {
  expect(hiddenScope(include, seen, parseGrants(grants))).toEqual(hidden)
})
