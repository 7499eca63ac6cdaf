import { describe, expect, test } from 'vitest'
import {
  changedQuery,
  isFiltered,
  listAddress,
  listPath,
  pageCount,
  plainQuery,
  readListQuery,
  sortedBy,
} from './list-query.ts'

describe('the address of the list', () => {
  test('is plain for the plain list', () => {
    expect(listAddress(plainQuery)).toBe('')
    expect(readListQuery('')).toEqual(plainQuery)
  })

  test('comes back as it was, whatever the search holds', () => {
    const query = {
      ...plainQuery,
      search: 'a&b=c #ü%',
      status: 'failing',
      tag: 'role=web:2',
      sort: 'last',
      order: 'desc',
      page: 7,
      size: 100,
    } as const
    expect(readListQuery(listAddress(query))).toEqual(query)
  })

  test.each([
    ['?status=broken', { status: '' }],
    ['?sort=password&order=up', { sort: 'name', order: 'asc' }],
    ['?page=0', { page: 1 }],
    ['?page=-3', { page: 1 }],
    ['?page=1e9', { page: 1 }],
    ['?size=1000000', { size: 50 }],
    [`?search=${'x'.repeat(5_000)}`, { search: 'x'.repeat(200) }],
  ])('%s is read as something that can be shown', (address, expected) => {
    expect(readListQuery(address)).toMatchObject(expected)
  })
})

test('the agent is asked for one page, without filters that are not set', () => {
  expect(listPath({ ...plainQuery, page: 3 })).toBe('/ops/scheduled-jobs?sort=name&order=asc&offset=100&limit=50')
  expect(listPath({ ...plainQuery, search: ' a b ', status: 'never' })).toContain('search=a+b&status=never&')
})

test('another filter begins at the first page', () => {
  const query = { ...plainQuery, page: 9 }
  expect(changedQuery(query, { search: 'x' }).page).toBe(1)
  expect(changedQuery(query, { page: 4 }).page).toBe(4)
})

test('a second click on a column turns its order around, another column begins the useful way', () => {
  const once = sortedBy(plainQuery, 'last')
  expect(once).toMatchObject({ sort: 'last', order: 'desc' })
  expect(sortedBy(once, 'last')).toMatchObject({ sort: 'last', order: 'asc' })
  expect(sortedBy(once, 'next')).toMatchObject({ sort: 'next', order: 'asc' })
})

test('blanks are no filter', () => {
  expect(isFiltered({ ...plainQuery, search: '  ' })).toBe(false)
  expect(isFiltered({ ...plainQuery, tag: 'role' })).toBe(true)
})

test.each([
  [0, 1],
  [50, 1],
  [51, 2],
  [100_000, 2_000],
])('%i jobs are %i pages of fifty', (matched, pages) => {
  expect(pageCount(matched, 50)).toBe(pages)
})
