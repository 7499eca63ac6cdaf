import { expect, test } from 'vitest'
import { Scope } from './scope.ts'

test('closes in reverse order, each once', async () => {
  const closed: string[] = []
  const scope = new Scope()
  scope.use('first', (name) => closed.push(name))
  scope.defer(() => closed.push('second'))
  await Promise.all([scope.close(), scope.close()])
  expect(closed).toEqual(['second', 'first'])
})

test('closes the rest when one fails, and tells every failure', async () => {
  const closed: string[] = []
  const scope = new Scope()
  scope.defer(() => closed.push('rest'))
  scope.defer(() => Promise.reject(new Error('one')))
  scope.defer(() => {
    throw new Error('two')
  })
  const failure = await scope.close().catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(AggregateError)
  expect((failure as AggregateError).errors.map(String)).toEqual(['Error: two', 'Error: one'])
  expect(closed).toEqual(['rest'])
})
