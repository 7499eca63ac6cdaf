/** The commands that ask a running agent. */
import type { Command } from 'commander'
import { ApiClient, readToken } from './api-client.ts'
import { clusterStatus } from './cluster-status.ts'
import { leaveCluster } from './leave.ts'
import { listMembers } from './members.ts'
import type { Printed } from './printed.ts'
import { listExecutions, listJobs, runJob } from './scheduled-jobs.ts'

/** @param name the command's argument, empty where it takes none */
type Call = (client: ApiClient, isJson: boolean, name: string) => Promise<Printed>

const calls: readonly (readonly [usage: string, description: string, call: Call])[] = [
  ['jobs', 'list the scheduled jobs', listJobs],
  ['members', 'list the agents of the cluster', listMembers],
  ['run <NAME>', 'run a scheduled job now', (client, isJson, name) => runJob(client, name, isJson)],
  [
    'executions <NAME>',
    'list what ran of a scheduled job',
    (client, isJson, name) => listExecutions(client, name, isJson),
  ],
  [
    'leave <NODE>',
    'make the agent at --address leave the cluster for good; NODE is its name, so that no other one is meant',
    (client, isJson, name) => leaveCluster(client, name, isJson),
  ],
]

/** Adds each command; `print` gets what it has to say. */
export function addAgentCalls(program: Command, print: (printed: Printed) => void): void {
  for (const [usage, description, call] of calls) addCall(program, usage, description, call, print)
  const cluster = program.command('cluster').description('look at the cluster')
  const about =
    'print whether the cluster is well; exit status 0: healthy, 3: something needs attention, 1: no agent answers'
  addCall(cluster, 'status', about, clusterStatus, print)
}

function addCall(
  parent: Command,
  usage: string,
  description: string,
  call: Call,
  print: (printed: Printed) => void,
): void {
  const command: Command = parent
    .command(usage)
    .description(description)
    .option('--address <HOST:PORT>', "a running agent's Dkron API", process.env.MILLRACE_ADDRESS ?? '127.0.0.1:8080')
    .option('--token-file <PATH>', 'file with the token that the agent asks for (or MILLRACE_TOKEN_FILE)')
    .option('--json', 'print the JSON that the agent answered')
    .action(async () => {
      const { address, tokenFile, json } = command.opts<{ address: string; tokenFile?: string; json?: boolean }>()
      print(await call(new ApiClient(address, tokenOf(tokenFile)), json === true, command.args[0] ?? ''))
    })
}

function tokenOf(flag: string | undefined): string | null {
  const path = flag ?? process.env.MILLRACE_TOKEN_FILE ?? ''
  return path === '' ? null : readToken(path)
}
