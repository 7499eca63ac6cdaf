/**
 * Since when each node has been heard, or not been heard, by this node's own monotonic clock.
 *
 * Easy to get wrong: a leader that has just begun knows nothing of the time before, and starts to count anew.
 */
import type { Member } from '../../model/member.ts'
import type { NodeFacts } from './plan-topology.ts'

interface Noted {
  readonly isAlive: boolean
  readonly atMs: number
}

export class NodeWatch {
  readonly #noted = new Map<string, Noted>()

  /**
   * @param farewells ids of the nodes that said that they go for good
   * @param nowMs of the monotonic clock
   */
  observe(members: readonly Member[], farewells: ReadonlySet<string>, nowMs: number): readonly NodeFacts[] {
    return members.map((member) => {
      const isAlive = member.status === 'alive'
      const before = this.#noted.get(member.nodeId)
      const atMs = before?.isAlive === isAlive ? before.atMs : nowMs
      this.#noted.set(member.nodeId, { isAlive, atMs })
      return {
        nodeId: member.nodeId,
        nodeName: member.nodeName,
        isAlive,
        sinceMs: nowMs - atMs,
        canServe: member.natsRole !== 'client',
        saysFarewell: farewells.has(member.nodeId),
      }
    })
  }
}
