/** `millrace job stop JOB`: ends what runs of a scheduled job, on any node. */
import { type Command, Option } from 'commander'
import { type AgentCall, addAgentCommand, type CommandContext } from './agent-command.ts'
import { CallFailedError } from './errors.ts'
import type { ExecutionAnswer } from './executions.ts'
import { suggesting } from './known-names.ts'
import type { Printed } from './printed.ts'

interface StopFlags {
  readonly execution?: string
}

export function addJobStop(parent: Command, context: CommandContext): void {
  addAgentCommand<StopFlags>(parent, context, {
    usage: 'stop <JOB>',
    about: 'stop the running executions of a scheduled job: SIGTERM, and SIGKILL five seconds later',
    json: 'an array of the executions that were stopped, as GET /v1/executions/JOB has them',
    flags: [new Option('--execution <ID>', 'stop only this one')],
    run: stopJob,
  })
}

async function stopJob({ client, args, flags, isJson }: AgentCall<StopFlags>): Promise<Printed> {
  const name = args[0] ?? ''
  const path = `/v1/executions/${encodeURIComponent(name)}`
  const all = (await suggesting(client, 'job', name, () => client.call('GET', path))) as readonly ExecutionAnswer[]
  const running = all.filter((one) => one.running && (flags.execution === undefined || one.id === flags.execution))
  if (running.length === 0 && flags.execution !== undefined)
    throw new CallFailedError(
      `execution "${flags.execution}" of ${name} does not run; see "millrace executions ${name}"`,
    )
  const answers: string[] = []
  const lines: string[] = []
  for (const { id, node_name: node } of running) {
    const answer = await client.text('DELETE', `${path}/${encodeURIComponent(id)}?pretty`).catch(orEnded)
    if (answer !== null) answers.push(answer)
    lines.push(`${name} ${answer === null ? 'had just ended' : 'was told to stop'} on ${node}`)
  }
  if (isJson) return `[${answers.join(',\n')}]`
  return lines.length === 0 ? `nothing of ${name} runs` : lines.join('\n')
}

/** What ended by itself meanwhile needs no stopping. */
function orEnded(error: unknown): null {
  if (error instanceof CallFailedError && (error.status === 409 || error.status === 404)) return null
  throw error
}
