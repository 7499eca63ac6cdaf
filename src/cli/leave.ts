/** `millrace leave NODE`: one agent leaves for good. */
import type { Command } from 'commander'
import { addAgentCommand, type CommandContext } from './agent-command.ts'
import type { ApiClient } from './api-client.ts'
import type { ClusterAnswer } from './cluster-answer.ts'
import { CallFailedError } from './errors.ts'

export function addLeave(parent: Command, context: CommandContext): void {
  addAgentCommand(parent, context, {
    usage: 'leave <NODE>',
    about: 'make the agent at --address leave the cluster for good; NODE is its name, so that no other one is meant',
    json: 'an array of members as GET /v1/leave answers it',
    run: ({ client, args, isJson }) => leaveCluster(client, args[0] ?? '', isJson),
  })
}

/**
 * @param client of several addresses: whichever is the node's is asked
 * @param nodeName must be the name of the agent that is asked: a wrong address must not send another node away
 * @throws CallFailedError when it is another node's, and nothing was done
 */
async function leaveCluster(client: ApiClient, nodeName: string, isJson: boolean): Promise<string> {
  const found = await agentNamed(client, nodeName)
  const answer = await found.text('GET', '/v1/leave?pretty')
  return isJson
    ? answer
    : `${nodeName} leaves the cluster; its agent ends when its running work has, or after its --leave-timeout`
}

async function agentNamed(client: ApiClient, nodeName: string): Promise<ApiClient> {
  const agents = client.each()
  for (const agent of agents) {
    const name = await nameOf(agent).catch((error: unknown) => {
      if (agents.length === 1) throw error
    })
    if (name === nodeName) return agent
  }
  const name = await nameOf(client)
  throw new CallFailedError(
    `the agent at ${client.address} is node "${name}", not "${nodeName}", and stays; ${await whereToAsk(client, nodeName)}`,
  )
}

async function nameOf(client: ApiClient): Promise<string> {
  const { agent } = (await client.call('GET', '/v1')) as { readonly agent: { readonly name: string } }
  return agent.name
}

async function whereToAsk(client: ApiClient, nodeName: string): Promise<string> {
  const { members } = (await client.call('GET', '/ops/cluster')) as Pick<ClusterAnswer, 'members'>
  const member = members.find((one) => one.node_name === nodeName)
  return member === undefined
    ? `it knows no "${nodeName}", see "millrace members"`
    : `ask "${nodeName}" itself, with --address ${member.dkron_api}`
}
