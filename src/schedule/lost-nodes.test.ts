import { expect, test } from 'vitest'
import { sampleMember } from '../../test/doubles/samples.ts'
import type { MemberStatus } from '../model/member.ts'
import { LostNodes } from './lost-nodes.ts'

/** Looks every second from `fromSecond` on. @returns the last look */
function watch(nodes: LostNodes, fromSecond: number, throughSecond: number, status: MemberStatus | null) {
  const members = [sampleMember('a'), ...(status === null ? [] : [sampleMember('b', { status })])]
  let lost: readonly { nodeName: string; goneForMs: number }[] = []
  for (let second = fromSecond; second <= throughSecond; second += 1)
    lost = nodes.look(['a', 'b', 'b'], members, second * 1_000)
  return lost
}

test.each<[MemberStatus | null]>([['failed'], ['left'], [null]])('a node that is %s for 30 s is lost', (status) => {
  const nodes = new LostNodes()
  expect(watch(nodes, 0, 29, status)).toEqual([])
  expect(watch(nodes, 30, 30, status)).toEqual([{ nodeName: 'b', goneForMs: 30_000 }])
})

test.each<[MemberStatus]>([['alive'], ['leaving']])('a node that is %s again is waited for anew', (status) => {
  const nodes = new LostNodes()
  watch(nodes, 0, 29, 'failed')
  expect(watch(nodes, 30, 30, status)).toEqual([])
  expect(watch(nodes, 31, 60, 'failed')).toEqual([])
  expect(watch(nodes, 61, 61, 'failed')).toHaveLength(1)
})

test('what happened while the process stood still does not count', () => {
  const nodes = new LostNodes()
  watch(nodes, 0, 10, 'failed')
  expect(watch(nodes, 60, 60, 'failed')).toEqual([])
  expect(watch(nodes, 61, 90, 'failed')).toHaveLength(1)
})
