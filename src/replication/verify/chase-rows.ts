/**
 * Rows that the source writes all the time: both servers are read again and again, as fast as they answer. A row is right
 * as soon as the target shows a state that the source has shown before.
 *
 * Easy to get wrong: this can tell that a row is right, never that it is wrong; the state that was missed may be the one.
 */
import { systemClock } from '../../core/clock.ts'
import type { LiveTarget } from './live-target.ts'
import { listRows, type RowList, stateOf } from './row-lists.ts'
import type { Part, PartReaders } from './table-reader.ts'

/** After the target has caught up with the beginning of the chase. */
const chaseMs = 3_000
const longestMs = 30_000
/** States of one row that are remembered; a row that has more is changed a hundred times a second. */
const mostStates = 2_000
/** A condition for more keys takes the server too long. */
const mostKeys = 1_000

export interface Chase {
  readonly part: Part
  readonly readers: PartReaders
  readonly identities: ReadonlySet<string>
  readonly live: LiveTarget
  readonly signal: AbortSignal
}

/** @returns the rows of which nothing is certain still */
export async function chaseRows(chase: Chase): Promise<ReadonlySet<string>> {
  const { readers, live, identities } = chase
  const part = await partOf(chase)
  const open = new Set(identities)
  const shown = new Map([...open].map((identity) => [identity, new Set<string>()]))
  const ending = new AbortController()
  const signal = AbortSignal.any([chase.signal, ending.signal])
  const over = live
    .caughtUp(signal)
    .then(() => systemClock.sleep(chaseMs, signal))
    .catch(() => undefined)
  const tooLong = systemClock.sleep(longestMs, signal).catch(() => undefined)
  void Promise.race([over, tooLong]).then(() => ending.abort(new Error('the chase is over')))
  const note = (list: RowList) => {
    for (const identity of open) remember(shown.get(identity), stateOf(list.get(identity)))
  }
  const look = (list: RowList) => {
    for (const identity of open) if (shown.get(identity)?.has(stateOf(list.get(identity)))) open.delete(identity)
    if (open.size === 0) ending.abort(new Error('nothing is left to chase'))
  }
  const again = async (reader: PartReaders['source'], take: (list: RowList) => void) => {
    while (!signal.aborted) take(await listRows(reader.rows(part)))
  }
  try {
    await Promise.all([again(readers.source, note), again(readers.target, look)])
  } finally {
    ending.abort(new Error('the chase is over'))
  }
  chase.signal.throwIfAborted()
  return open
}

/** Only the rows in question where the table has a key for that. */
async function partOf({ part, readers, identities }: Chase): Promise<Part> {
  if (part.kind === 'buckets' || identities.size > mostKeys) return part
  const keys = new Map([
    ...(await readers.target.keysOf(part, identities)),
    ...(await readers.source.keysOf(part, identities)),
  ])
  return keys.size === 0 ? part : { kind: 'keys', keys: [...keys.values()] }
}

function remember(states: Set<string> | undefined, state: string): void {
  if (states === undefined) return
  const [oldest] = states
  if (states.size >= mostStates && oldest !== undefined) states.delete(oldest)
  states.add(state)
}
