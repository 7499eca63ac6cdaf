/**
 * What all commands that ask a running agent have in common: where it answers, the token, JSON, and their help.
 *
 * Easy to get wrong: the name of an argument says how it is completed. `JOB` is a scheduled job's name, `REPLICATION` a
 * replication job's, `NODE` a node's, `PATH` a file's. Names become parts of paths, where an empty one, `.` and `..` would
 * lead to another route, and no encoding protects dots.
 */
import { type Command, Option } from 'commander'
import { ApiClient } from './api-client.ts'
import { WrongCallError } from './errors.ts'
import type { Printed } from './printed.ts'
import type { Screen } from './screen.ts'
import { readToken } from './token-file.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** What commands are given besides their flags. */
export interface CommandContext {
  readonly screen: Screen
  readonly environment: Environment
  /** Standard input, for `-f -`. */
  readInput(): Promise<string>
  /** Prints, and keeps the exit status. */
  show(printed: Printed): void
}

export interface AgentCall<Flags> extends CommandContext {
  readonly client: ApiClient
  readonly args: readonly string[]
  readonly flags: Flags
  readonly isJson: boolean
}

export interface AgentCommand<Flags> {
  /** `rm <JOB...>` */
  readonly usage: string
  readonly about: string
  /** What `--json` prints. */
  readonly json: string
  readonly flags?: readonly Option[]
  /** Exit statuses that only some commands have. */
  readonly exitStatus?: readonly string[]
  /** @returns what is left to print */
  run(call: AgentCall<Flags>): Promise<Printed>
}

export const defaultAddress = '127.0.0.1:8080'

/** Adds a command below `parent`. */
export function addAgentCommand<Flags extends object>(
  parent: Command,
  context: CommandContext,
  { usage, about, json, flags = [], exitStatus, run }: AgentCommand<Flags>,
): void {
  const command = parent.command(usage).description(about)
  for (const flag of flags) command.addOption(flag)
  addAddressFlags(command, context.environment).addOption(new Option('--json', `print JSON: ${json}`))
  const statuses = ['0 done', '1 it could not be done', '2 the call itself is wrong', ...(exitStatus ?? [])]
  command.addHelpText('after', `\nExit status: ${statuses.join(', ')}`)
  command.action(async () => {
    assertNames(command)
    const given = command.opts<Flags & ClientFlags & { readonly json?: boolean }>()
    const client = clientOf(given, context.environment)
    context.show(await run({ ...context, client, args: command.args, flags: given, isJson: given.json === true }))
  })
}

/** Where each kind of name is listed. */
const lists = new Map([
  ['JOB', 'millrace jobs'],
  ['REPLICATION', 'millrace replications'],
  ['NODE', 'millrace members'],
])

/** @throws WrongCallError */
function assertNames({ args, registeredArguments }: Command): void {
  const kind = registeredArguments[0]?.name() ?? ''
  for (const name of args) {
    const isEmpty = name.trim() === ''
    if (!isEmpty && name !== '.' && name !== '..') continue
    const wrong = isEmpty ? `${kind} is empty` : `${kind} is "${name}", which is no name`
    throw new WrongCallError(`${wrong}; give one that "${lists.get(kind)}" lists`)
  }
}

export interface ClientFlags {
  readonly address: string
  readonly tokenFile?: string
}

function addAddressFlags(command: Command, environment: Environment): Command {
  const addresses = "a running agent's Dkron API, or several that are tried in turn (or MILLRACE_ADDRESS)"
  return command
    .option('--address <HOST:PORT,...>', addresses, environment.MILLRACE_ADDRESS || defaultAddress)
    .option('--token-file <PATH>', 'file with the token that the agent asks for (or MILLRACE_TOKEN_FILE)')
}

export function clientOf({ address, tokenFile }: ClientFlags, environment: Environment): ApiClient {
  const path = tokenFile ?? environment.MILLRACE_TOKEN_FILE ?? ''
  return new ApiClient(address, path === '' ? null : readToken(path))
}
