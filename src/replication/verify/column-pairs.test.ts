import { expect, test } from 'vitest'
import { parseServerVersion } from '../../mysql/server-version.ts'
import type { ColumnDefinition } from '../../mysql/table-definition.ts'
import { pairColumns } from './column-pairs.ts'

const mysql = parseServerVersion('9.7.4')
const older = parseServerVersion('8.0.40')
const mariadb = parseServerVersion('10.11.18-MariaDB')

function column(dataType: string, more: Partial<ColumnDefinition> = {}): ColumnDefinition {
  return {
    ...{ name: 'c', dataType, columnType: dataType, characterSet: null, collation: null },
    ...{ isNullable: true, isGenerated: false, isInvisible: false, isInRowKey: false },
    ...more,
  }
}

const text = (characterSet: string) => column('varchar', { characterSet, collation: `${characterSet}_bin` })

test.each([
  ['whole numbers of any width', column('int'), column('bigint'), 'integer'],
  ['a FLOAT that is a DOUBLE elsewhere', column('float'), column('double'), 'float'],
  ['members of the same ENUM', column('enum'), column('enum'), 'index'],
  ['members of ENUMs that are written otherwise', column('enum'), column('enum', { columnType: "enum('x')" }), 'text'],
  ['a UUID that is a CHAR elsewhere', column('uuid'), text('ascii'), 'text'],
  ['times', column('datetime'), column('datetime'), 'plain'],
  ['bytes', column('blob'), column('longblob'), 'bytes'],
  ['a number that is a text elsewhere', column('int'), text('latin1'), 'text'],
  ['JSON that is a text elsewhere', column('json'), column('longtext', { characterSet: 'utf8mb4' }), 'json'],
] as const)('%s are compared as %s', (_name, source, target, kind) => {
  const { pairs } = pairColumns({ columns: [source] }, { columns: [target] }, { source: mysql, target: mariadb })
  expect(pairs[0]?.kind).toBe(kind)
})

test('JSON is compared as it is printed only by servers of one version', () => {
  const kindOf = (source: typeof mysql, target: typeof mysql) =>
    pairColumns({ columns: [column('json')] }, { columns: [column('json')] }, { source, target }).pairs[0]?.kind
  expect(kindOf(mysql, mysql)).toBe('text')
  expect(kindOf(older, mysql)).toBe('json')
})

test.each([
  ['utf8mb4', 'utf8mb4', false],
  ['utf8', 'utf8mb3', false],
  ['latin1', 'utf8mb4', true],
])('texts in %s and %s are converted only where that is needed', (from, to, isConverted) => {
  const versions = { source: mysql, target: mysql }
  const { pairs } = pairColumns({ columns: [text(from)] }, { columns: [text(to)] }, versions)
  expect(pairs[0]).toMatchObject({ kind: 'text', isConverted })
})

test('columns meet by name in any case; generated ones are left out, and what only one side has is told', () => {
  const source = [
    column('int', { name: 'Id' }),
    column('int', { name: 'twice', isGenerated: true }),
    column('int', { name: 'gone' }),
  ]
  const target = [column('int', { name: 'id' }), column('int', { name: 'twice' }), column('int', { name: 'new' })]
  const found = pairColumns({ columns: source }, { columns: target }, { source: mysql, target: mysql })
  expect(found.pairs.map((pair) => [pair.source.name, pair.target.name])).toEqual([['Id', 'id']])
  expect(found).toMatchObject({ missing: ['gone'], extra: ['new'] })
})
