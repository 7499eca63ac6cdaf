/**
 * What nodes show each other of the commands that run on them.
 *
 * Easy to get wrong: an agent of an earlier version does not serve these; it is then asked in vain, which costs the time
 * limit of the call.
 */
import { nodeSubject, request, serve } from '../engine/calls.ts'
import type { Connection } from '../engine/connection.ts'
import type { NodeExecutor } from '../execution/node-executor.ts'
import type { RunningBrief } from '../http/ops/scheduled/running-watch.ts'

const askWithinMs = 900
/** Of one node, in one answer: some 300 bytes each. */
const mostBriefs = 3_000

export interface NodeLooks {
  /** What runs on a node; the newest when it is very much. @throws UnavailableError */
  running(nodeName: string): Promise<readonly RunningBrief[]>
}

/** Serves this node's part until `signal` aborts. */
export function openNodeLooks(
  connection: Connection,
  nodeName: string,
  executor: Pick<NodeExecutor, 'runningBriefly'>,
  signal: AbortSignal,
): NodeLooks {
  const runningHere = async () => (await executor.runningBriefly()).slice(-mostBriefs).map(briefOf)
  serve(connection, nodeSubject(nodeName, 'running-brief'), runningHere, signal)
  return {
    running: async (name) =>
      name === nodeName
        ? runningHere()
        : ((await request(
            connection,
            nodeSubject(name, 'running-brief'),
            null,
            askWithinMs,
          )) as readonly RunningBrief[]),
  }
}

/** Without its output, which an earlier runner sends all the same. */
export function briefOf(execution: RunningBrief): RunningBrief {
  const { id, jobName, group, attempt, nodeName, scheduledAt, startedAt } = execution
  return { id, jobName, group, attempt, nodeName, scheduledAt, startedAt }
}
