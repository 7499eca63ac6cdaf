/** `millrace leave NODE`: one agent leaves for good. */
import { type ApiClient, CallFailedError } from './api-client.ts'

/**
 * @param nodeName must be the name of the agent that is asked: a wrong address must not send another node away
 * @throws CallFailedError when it is another node's, and nothing was done
 */
export async function leaveCluster(client: ApiClient, nodeName: string, isJson: boolean): Promise<string> {
  const { agent } = (await client.call('GET', '/v1')) as { readonly agent: { readonly name: string } }
  if (agent.name !== nodeName)
    throw new CallFailedError(
      `the agent at ${client.address} is node "${agent.name}", not "${nodeName}", and stays; name the address of "${nodeName}" with --address`,
    )
  const answer = await client.text('GET', '/v1/leave?pretty')
  return isJson
    ? answer
    : `${nodeName} leaves the cluster; its agent ends when its running work has, or after its --leave-timeout`
}
