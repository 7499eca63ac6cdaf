import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DueQueue } from './due-queue.ts'

test('any sequence of changes gives the same order as sorting', () => {
  const change = fc.record({ name: fc.nat(20).map(String), second: fc.option(fc.nat(30)) })
  fc.assert(
    fc.property(fc.array(change, { maxLength: 200 }), fc.nat(30), (changes, until) => {
      const queue = new DueQueue()
      const expected = new Map<string, number>()
      for (const { name, second } of changes) {
        if (second === null) {
          queue.remove(name)
          expected.delete(name)
        } else {
          queue.set(name, second)
          expected.set(name, second)
        }
        expect(queue.size).toBe(expected.size)
        expect(queue.firstSecond).toBe(expected.size === 0 ? null : Math.min(...expected.values()))
      }
      const due = [...expected].filter(([, second]) => second <= until).map(([name]) => name)
      const taken = queue.takeThrough(until)
      expect(taken.toSorted()).toEqual(due.toSorted())
      expect(taken.map((name) => expected.get(name))).toEqual(
        due.map((name) => expected.get(name)).sort((a = 0, b = 0) => a - b),
      )
      expect(queue.size).toBe(expected.size - due.length)
    }),
  )
})

test('100,000 jobs are filled, moved and taken', { timeout: 20_000 }, () => {
  const queue = new DueQueue()
  for (let index = 0; index < 100_000; index += 1) queue.set(`job-${index}`, (index * 7_919) % 86_400)
  for (let index = 0; index < 100_000; index += 10) queue.set(`job-${index}`, index % 86_400)
  for (let index = 5; index < 100_000; index += 10) queue.remove(`job-${index}`)
  expect(queue.takeThrough(86_400)).toHaveLength(90_000)
})
