/** `millrace members`: the agents of the cluster, as the one that was asked sees them. */
import type { Command } from 'commander'
import { addAgentCommand, type CommandContext } from './agent-command.ts'
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
/** Every member has these, so they say nothing. */
const commonTags = new Set(['dkron_server', 'dkron_version', 'millrace_version'])

export function addMembers(parent: Command, context: CommandContext): void {
  addAgentCommand(parent, context, {
    usage: 'members',
    about: 'list the agents of the cluster',
    json: 'an array of members as GET /v1/members has them',
    run: ({ client, isJson }) => listMembers(client, isJson),
  })
}

async function listMembers(client: ApiClient, isJson: boolean): Promise<string> {
  if (isJson) return client.text('GET', '/v1/members?pretty')
  const members = (await client.call('GET', '/v1/members')) as readonly MemberAnswer[]
  return formatTable(
    ['NAME', 'ADDRESS', 'STATUS', 'VERSION', 'TAGS'],
    members.map((member) => [
      member.Name,
      `${member.Addr.includes(':') ? `[${member.Addr}]` : member.Addr}:${member.Port}`,
      statusNames[member.Status] ?? String(member.Status),
      member.Tags.millrace_version ?? '?',
      tagsText(member.Tags),
    ]),
  )
}

function tagsText(tags: MemberAnswer['Tags']): string {
  const own = Object.entries(tags).filter(([key]) => !commonTags.has(key))
  return own.length === 0 ? '-' : own.map(([key, value]) => `${key}=${value}`).join(' ')
}
