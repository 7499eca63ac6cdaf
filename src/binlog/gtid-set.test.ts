import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MalformedEventError } from './errors.ts'
import { GtidSet, parseGtid } from './gtid-set.ts'
import { decodeGtidSet, encodeGtidSet } from './gtid-set-encoding.ts'

const a = '3e11fa47-71ca-11e1-9e33-c80aa9429562'
const b = '8a94f357-aab4-11df-86ab-c80aa9429444'

const anyGtid = fc.record({
  uuid: fc.constantFrom(a, b),
  tag: fc.constantFrom('', 'blue', 'red_1'),
  number: fc.bigInt({ min: 1n, max: 40n }),
})
const anyGtids = fc.array(anyGtid, { maxLength: 60 })

function setOf(gtids: readonly { uuid: string; tag: string; number: bigint }[]): GtidSet {
  const set = new GtidSet()
  for (const gtid of gtids) set.add(gtid)
  return set
}

function keys(gtids: readonly { uuid: string; tag: string; number: bigint }[]): Set<string> {
  return new Set(gtids.map(({ uuid, tag, number }) => `${uuid}:${tag}:${number}`))
}

describe('text', () => {
  test.each([
    ['', ''],
    [`${a}:1`, `${a}:1`],
    [`${a}:1-5:7-9`, `${a}:1-5:7-9`],
    [` ${a.toUpperCase()} : 7-9 : 1-5 ,\n${b}:4`, `${a}:1-5:7-9,${b}:4`],
    [`${a}:1-5:4-9:10`, `${a}:1-10`],
    [`${a.replaceAll('-', '')}:3`, `${a}:3`],
    [`${b}:1,${a}:1`, `${a}:1,${b}:1`],
    [`${a}:1-3:blue:5:red:1-2`, `${a}:1-3:blue:5:red:1-2`],
    [`${a}:blue:5`, `${a}:blue:5`],
    [`${a}:blue:5,${a}:1`, `${a}:1:blue:5`],
    [`${a}:5-3`, ''],
  ])('%s reads as %s', (text, formatted) => {
    expect(GtidSet.parse(text).toString()).toBe(formatted)
  })

  test.each([
    `${a}`,
    `${a}:`,
    `${a}:0`,
    `${a}:1-`,
    'x:1',
    `${a}:1-5-7`,
    `${a}:-5`,
    `${a}:9223372036854775808`,
    `${a}:1bad`,
  ])('%s is refused', (text) => {
    expect(() => GtidSet.parse(text)).toThrow('GTID set')
  })

  test('reading what was written gives the same set', () => {
    fc.assert(
      fc.property(anyGtids, (gtids) => {
        const set = setOf(gtids)
        expect(GtidSet.parse(set.toString()).toString()).toBe(set.toString())
      }),
    )
  })

  test('one GTID reads with and without a tag', () => {
    expect(parseGtid(`${a}:77`)).toEqual({ uuid: a, tag: '', number: 77n })
    expect(parseGtid(`${a}:blue:77`)).toEqual({ uuid: a, tag: 'blue', number: 77n })
    expect(() => parseGtid(`${a}:1-5`)).toThrow('is not a GTID')
  })
})

describe('algebra', () => {
  test('a set holds exactly what was added, in whatever order', () => {
    fc.assert(
      fc.property(anyGtids, anyGtid, (gtids, other) => {
        const set = setOf(gtids)
        const members = keys(gtids)
        expect(set.count()).toBe(BigInt(members.size))
        expect(set.has(other)).toBe(members.has([...keys([other])][0] ?? ''))
        expect(setOf(gtids.toReversed()).toString()).toBe(set.toString())
      }),
    )
  })

  test('union, difference and intersection are those of plain sets', () => {
    fc.assert(
      fc.property(anyGtids, anyGtids, (left, right) => {
        const [ours, theirs] = [setOf(left), setOf(right)]
        const [leftKeys, rightKeys] = [keys(left), keys(right)]
        expect(ours.union(theirs).count()).toBe(BigInt(leftKeys.union(rightKeys).size))
        expect(ours.subtract(theirs).count()).toBe(BigInt(leftKeys.difference(rightKeys).size))
        expect(ours.intersect(theirs).count()).toBe(BigInt(leftKeys.intersection(rightKeys).size))
        expect(ours.isSubsetOf(theirs)).toBe(leftKeys.isSubsetOf(rightKeys))
        expect(ours.subtract(theirs).union(ours.intersect(theirs)).equals(ours)).toBe(true)
      }),
    )
  })

  test('an operation leaves its operands as they were', () => {
    const ours = GtidSet.parse(`${a}:1-10`)
    const theirs = GtidSet.parse(`${a}:5`)
    ours.subtract(theirs).add({ uuid: b, tag: '', number: 1n })
    ours.union(theirs).add({ uuid: b, tag: '', number: 1n })
    expect([ours.toString(), theirs.toString()]).toEqual([`${a}:1-10`, `${a}:5`])
  })
})

describe('bytes', () => {
  test('decoding what was encoded gives the same set, with and without tags', () => {
    fc.assert(
      fc.property(anyGtids, (gtids) => {
        const set = setOf(gtids)
        expect(decodeGtidSet(encodeGtidSet(set)).toString()).toBe(set.toString())
      }),
    )
  })

  test('a set without tags is encoded as servers before 8.3 read it', () => {
    const bytes = encodeGtidSet(GtidSet.parse(`${a}:1-5`))
    expect(bytes.toString('hex')).toBe(
      `0100000000000000${a.replaceAll('-', '')}010000000000000001000000000000000600000000000000`,
    )
  })

  test('bytes that end early or have an unknown format are refused', () => {
    const bytes = encodeGtidSet(GtidSet.parse(`${a}:1-5:blue:7`))
    for (let length = 0; length < bytes.length; length += 1)
      expect(() => decodeGtidSet(bytes.subarray(0, length))).toThrow(MalformedEventError)
    expect(() => decodeGtidSet(Buffer.from('0000000000000002', 'hex'))).toThrow('unknown format')
  })
})
