import { expect, test } from 'vitest'
import { deliveryFacts } from './delivered-message.ts'

const facts = { deliveries: 1, streamSequence: 42, consumerSequence: 7, pending: 3 }

test.each([
  ['the short form', '$JS.ACK.FIRES.reader.1.42.7.1700000000000000000.3', facts],
  ['the long form', '$JS.ACK.hub.ACC123.FIRES.reader.1.42.7.1700000000000000000.3.random', facts],
  ['an inbox', '_INBOX.abc', null],
  ['no reply', undefined, null],
])('%s is read', (_name, reply, expected) => {
  expect(deliveryFacts(reply)).toEqual(expected)
})
