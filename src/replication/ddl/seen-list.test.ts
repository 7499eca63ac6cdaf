import { expect, test } from 'vitest'
import type { SeenDdl } from '../task-context.ts'
import { withSeen } from './seen-list.ts'

const ddl = (at: number, outcome: SeenDdl['outcome'] = 'applied', sql = 'DROP TABLE x'): SeenDdl => ({
  ...{ at, schema: 's' },
  ...{ sql, outcome },
})

test('the last 20 are kept, the oldest first', () => {
  let list: readonly SeenDdl[] = []
  for (let at = 1; at <= 25; at += 1) list = withSeen(list, ddl(at))
  expect(list.map(({ at }) => at)).toEqual(Array.from({ length: 20 }, (_, index) => index + 6))
})

test.each([
  ['the same again', [ddl(1)], ddl(1), [ddl(1)]],
  [
    'applied after it failed',
    [ddl(1, 'failed'), ddl(2, 'applied', 'OTHER')],
    ddl(3),
    [ddl(2, 'applied', 'OTHER'), ddl(3)],
  ],
  ['failed once more', [ddl(1, 'failed')], ddl(2, 'failed'), [ddl(2, 'failed')]],
  ['the same words at another time', [ddl(1)], ddl(2), [ddl(1), ddl(2)]],
] as const)('a statement that is %s', (_name, known, seen, list) => {
  expect(withSeen(known, seen)).toEqual(list)
})
