/** `millrace leave NODE`: one agent leaves for good. */
import { type ApiClient, CallFailedError } from './api-client.ts'
import type { ClusterAnswer } from './cluster-answer.ts'

/**
 * @param nodeName must be the name of the agent that is asked: a wrong address must not send another node away
 * @throws CallFailedError when it is another node's, and nothing was done
 */
export async function leaveCluster(client: ApiClient, nodeName: string, isJson: boolean): Promise<string> {
  const { agent } = (await client.call('GET', '/v1')) as { readonly agent: { readonly name: string } }
  if (agent.name !== nodeName)
    throw new CallFailedError(
      `the agent at ${client.address} is node "${agent.name}", not "${nodeName}", and stays; ${await whereToAsk(client, nodeName)}`,
    )
  const answer = await client.text('GET', '/v1/leave?pretty')
  return isJson
    ? answer
    : `${nodeName} leaves the cluster; its agent ends when its running work has, or after its --leave-timeout`
}

async function whereToAsk(client: ApiClient, nodeName: string): Promise<string> {
  const { members } = (await client.call('GET', '/ops/cluster')) as Pick<ClusterAnswer, 'members'>
  const member = members.find((one) => one.node_name === nodeName)
  return member === undefined
    ? `it knows no "${nodeName}", see "millrace members"`
    : `ask "${nodeName}" itself, with --address ${member.dkron_api}`
}
