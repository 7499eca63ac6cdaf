/**
 * What nodes show each other of the commands that run on them.
 *
 * Easy to get wrong: an agent of an earlier version does not serve these; it is then asked in vain, which costs the time
 * limit of the call.
 */
import { nodeSubject, request, serve } from '../engine/calls.ts'
import type { Connection } from '../engine/connection.ts'
import type { NodeExecutor } from '../execution/node-executor.ts'
import type { OutputAnswer } from '../execution/runner/protocol.ts'
import type { OutputPart } from '../http/ops/scheduled/output-follower.ts'
import type { RunningBrief } from '../http/ops/scheduled/running-watch.ts'

const askWithinMs = 900
const outputWithinMs = 3_000
/** Of one node, in one answer: some 300 bytes each. */
const mostBriefs = 3_000

export interface NodeLooks {
  /** What runs on a node; the newest when it is very much. @throws UnavailableError */
  running(nodeName: string): Promise<readonly RunningBrief[]>
  /** What an execution has written from byte `fromOffset` on. @throws UnavailableError, RunnerUnavailableError */
  output(nodeName: string, question: OutputQuestion): Promise<OutputPart>
}

interface OutputQuestion {
  readonly jobName: string
  readonly id: string
  readonly fromOffset: number
  readonly limitBytes: number
}

/** Serves this node's part until `signal` aborts. */
export function openNodeLooks(
  connection: Connection,
  nodeName: string,
  executor: Pick<NodeExecutor, 'running' | 'outputOf'>,
  signal: AbortSignal,
): NodeLooks {
  const runningHere = async () => (await executor.running(null, 0)).slice(-mostBriefs).map(briefOf)
  const outputHere = ({ jobName, id, fromOffset, limitBytes }: OutputQuestion) =>
    executor.outputOf(jobName, id, fromOffset, limitBytes)
  serve(connection, nodeSubject(nodeName, 'running-brief'), runningHere, signal)
  serve(connection, nodeSubject(nodeName, 'output'), (payload) => outputHere(payload as OutputQuestion), signal)
  const ask = (name: string, verb: string, payload: unknown, withinMs: number) =>
    request(connection, nodeSubject(name, verb), payload, withinMs)
  return {
    running: async (name) =>
      name === nodeName
        ? runningHere()
        : ((await ask(name, 'running-brief', null, askWithinMs)) as readonly RunningBrief[]),
    output: async (name, question) =>
      partOf(
        name === nodeName
          ? await outputHere(question)
          : ((await ask(name, 'output', question, outputWithinMs)) as OutputAnswer),
      ),
  }
}

/** Without its output, which an earlier runner sends all the same. */
export function briefOf(execution: RunningBrief): RunningBrief {
  const { id, jobName, group, attempt, nodeName, scheduledAt, startedAt } = execution
  return { id, jobName, group, attempt, nodeName, scheduledAt, startedAt }
}

function partOf(answer: OutputAnswer): OutputPart {
  if (answer.kind !== 'part') return answer
  return { kind: 'part', offset: answer.offset, bytes: Buffer.from(answer.data, 'base64') }
}
