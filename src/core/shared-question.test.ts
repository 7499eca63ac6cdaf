import { expect, test } from 'vitest'
import { SharedQuestion } from './shared-question.ts'

function questions() {
  const asked: PromiseWithResolvers<number>[] = []
  const question = new SharedQuestion(() => {
    const answer = Promise.withResolvers<number>()
    asked.push(answer)
    return answer.promise
  })
  return { asked, question }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('who asks while a question is under way shares the next one', async () => {
  const { asked, question } = questions()
  const first = question.ask()
  await turn()
  const later = [question.ask(), question.ask(), question.ask()]
  await turn()
  expect(asked).toHaveLength(1)
  asked[0]?.resolve(1)
  expect(await first).toBe(1)
  await turn()
  expect(asked).toHaveLength(2)
  asked[1]?.resolve(2)
  expect(await Promise.all(later)).toEqual([2, 2, 2])
})

test('who asks in one turn shares one question', async () => {
  const { asked, question } = questions()
  const all = [question.ask(), question.ask()]
  await turn()
  asked[0]?.resolve(7)
  expect(await Promise.all(all)).toEqual([7, 7])
  expect(asked).toHaveLength(1)
})

test('a question that failed is told to those who shared it, and to nobody after them', async () => {
  const { asked, question } = questions()
  const first = [question.ask(), question.ask()]
  await turn()
  const next = question.ask()
  asked[0]?.reject(new Error('away'))
  const answers = await Promise.allSettled(first)
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  await turn()
  asked[1]?.resolve(3)
  expect(await next).toBe(3)
})
