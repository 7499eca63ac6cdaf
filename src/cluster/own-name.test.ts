import { expect, test } from 'vitest'
import { MemoryBucket } from '../../test/doubles/memory-bucket.ts'
import { FakeClock } from '../core/clock.ts'
import { UnavailableError } from '../core/errors.ts'
import { silentLog } from '../core/log.ts'
import type { Versioned } from '../model/bucket.ts'
import { NodeNameTakenError } from './errors.ts'
import { OwnName } from './own-name.ts'
import type { NameClaim } from './ports.ts'

const claimOf = (nodeId: string, revision: number) => ({ key: 'n1', value: { nodeId }, revision })
const away = new UnavailableError('NATS does not answer')

/** Node `mine` holds the name by revision 5; its reads answer these, one after the other. */
async function outcomeOf(...answers: (Versioned<NameClaim> | null | UnavailableError)[]): Promise<unknown> {
  const clock = new FakeClock(0)
  const names = new MemoryBucket<NameClaim>()
  names.get = async () => {
    const answer = answers.shift() ?? null
    if (answer instanceof Error) throw answer
    return answer
  }
  const self = { nodeId: 'mine', nodeName: 'n1' }
  const { signal } = new AbortController()
  const name = new OwnName({ self, names, addressOf: () => null, clock, log: silentLog, signal })
  name.hold(5)
  name.look()
  const confirmed = name.confirm().then(
    () => 'kept',
    (error: unknown) => error,
  )
  await clock.advance(0)
  await clock.advance(1_000)
  return confirmed
}

test.each([
  ['its own claim', [claimOf('mine', 5)]],
  ['no record', [null]],
  ['no answer', [away]],
  ['an older claim, of a server that was cut off itself', [claimOf('other', 4), claimOf('other', 4)]],
  ['a claim that is not confirmed', [claimOf('other', 7), away]],
  ['claims that differ', [claimOf('other', 7), claimOf('third', 8)]],
  ['a claim that it has again', [claimOf('other', 7), claimOf('mine', 8)]],
])('%s takes no name', async (_case, answers) => {
  expect(await outcomeOf(...answers)).toBe('kept')
})

test('a newer claim of another node that is read twice takes the name', async () => {
  const lost = await outcomeOf(claimOf('other', 7), claimOf('other', 7))
  expect(lost).toBeInstanceOf(NodeNameTakenError)
  expect(String(lost)).toContain('node name "n1" is in use by node other; start this node with another --node-name')
})
