import { expect, test } from 'vitest'
import { outsideAddresses, serverAddresses } from './open-apis.ts'

test.each([
  ['nats://nats.example:4333', ['nats.example:4333']],
  ['nats.example', ['nats.example:4222']],
  ['nats://user:planted@one.example:4222,nats://two.example:4222', ['one.example:4222', 'two.example:4222']],
])('with --nats %s jobs show %s', (nats, shown) => {
  expect(outsideAddresses(nats)).toEqual(shown)
})

test('of an own cluster jobs show the server of the node that is asked, or the first one', () => {
  const servers = ['a', 'b', 'c'].map((nodeId) => ({ nodeId, clientAddress: `${nodeId}.example:8193` }))
  expect(serverAddresses(servers, { nodeId: 'b' })).toEqual(['b.example:8193', 'a.example:8193', 'c.example:8193'])
  expect(serverAddresses(servers, { nodeId: 'spare' })[0]).toBe('a.example:8193')
})
