/** `millrace replication pause|resume|rm`: one order for each of several replication jobs. */
import type { Command } from 'commander'
import { addAgentCommand, type CommandContext } from './agent-command.ts'
import { forEachName } from './each-name.ts'
import { suggesting } from './known-names.ts'

const jobsJson = 'an array of the jobs as the Udup API answered them'

export function addReplicationOrders(parent: Command, context: CommandContext): void {
  const add = (word: string, about: string, method: string, suffix: string, done: string) =>
    addAgentCommand(parent, context, {
      usage: `${word} <REPLICATION...>`,
      about,
      json: jobsJson,
      run: (call) =>
        forEachName(call.args, call, async (name) => {
          const path = `/udup/v1/job/${encodeURIComponent(name)}${suffix}?pretty`
          const json = await suggesting(call.client, 'replication', name, () => call.client.text(method, path))
          return { json, text: `${name} ${done}` }
        }),
    })
  add('pause', 'stop the tasks of replication jobs where they stand', 'POST', '/pause', 'is paused')
  add('resume', 'let paused replication jobs go on where they stand', 'POST', '/resume', 'goes on')
  add(
    'rm',
    'delete replication jobs; the rows at the target stay',
    'DELETE',
    '',
    'was deleted; the rows at the target stay',
  )
}
