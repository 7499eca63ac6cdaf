/** `millrace members`: the agents of the cluster, as the one that was asked sees them. */
import type { ApiClient } from './api-client.ts'
import { formatTable } from './table.ts'

interface MemberAnswer {
  readonly Name: string
  readonly Addr: string
  readonly Port: number
  readonly Status: number
  readonly Tags: Readonly<Record<string, string>>
}

// Numbers of Serf's member status, as the Dkron document gives them.
const statusNames = ['none', 'alive', 'leaving', 'left', 'failed']

export async function listMembers(client: ApiClient, isJson: boolean): Promise<string> {
  if (isJson) return client.text('GET', '/v1/members?pretty')
  const members = (await client.call('GET', '/v1/members')) as readonly MemberAnswer[]
  return formatTable(
    ['NAME', 'ADDRESS', 'STATUS', 'TAGS'],
    members.map((member) => [
      member.Name,
      `${member.Addr}:${member.Port}`,
      statusNames[member.Status] ?? String(member.Status),
      Object.entries(member.Tags)
        .map(([key, value]) => `${key}=${value}`)
        .join(' '),
    ]),
  )
}
