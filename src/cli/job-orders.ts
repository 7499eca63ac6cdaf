/** `millrace job rm|enable|disable|run`: one order for each of several scheduled jobs. */
import type { Command } from 'commander'
import { type AgentCall, addAgentCommand, type CommandContext } from './agent-command.ts'
import type { ApiClient } from './api-client.ts'
import { type Done, forEachName } from './each-name.ts'
import { suggesting } from './known-names.ts'
import type { Printed } from './printed.ts'

const jobsJson = 'an array of the jobs as GET /v1/jobs/JOB has them'

export function addJobOrders(parent: Command, context: CommandContext): void {
  const add = (usage: string, about: string, act: (client: ApiClient, name: string) => Promise<Done>) =>
    addAgentCommand(parent, context, { usage, about, json: jobsJson, run: (call) => eachJob(call, act) })
  add('rm <JOB...>', 'delete scheduled jobs with their history', removeJob)
  add('enable <JOB...>', 'let the schedule of jobs fire', (client, name) => switchJob(client, name, false))
  add('disable <JOB...>', 'keep the schedule of jobs from firing', (client, name) => switchJob(client, name, true))
  add('run <JOB...>', 'run scheduled jobs now, disabled ones too', runJob)
}

/** `millrace run JOB`, which came first. */
export function addRun(parent: Command, context: CommandContext): void {
  addAgentCommand(parent, context, {
    usage: 'run <JOB>',
    about: 'run a scheduled job now, the same as "job run"',
    json: 'the job as GET /v1/jobs/JOB has it',
    run: async ({ client, args, isJson }) => {
      const { json, text } = await suggesting(client, 'job', args[0] ?? '', () => runJob(client, args[0] ?? ''))
      return isJson ? json : text
    },
  })
}

function eachJob(call: AgentCall<object>, act: (client: ApiClient, name: string) => Promise<Done>): Promise<Printed> {
  const { client, args } = call
  return forEachName(args, call, (name) => suggesting(client, 'job', name, () => act(client, name)))
}

async function removeJob(client: ApiClient, name: string): Promise<Done> {
  return { json: await client.text('DELETE', pathOf(name)), text: `${name} was deleted, with its history` }
}

async function runJob(client: ApiClient, name: string): Promise<Done> {
  const json = await client.text('POST', pathOf(name))
  return { json, text: `${name} was ordered to run; see "millrace logs ${name}"` }
}

/** Asks first: a save of a job that is not there would create one. */
async function switchJob(client: ApiClient, name: string, disabled: boolean): Promise<Done> {
  const json = await client.text('GET', pathOf(name))
  const job = JSON.parse(json) as { readonly name: string; readonly disabled: boolean }
  const word = disabled ? 'disabled' : 'enabled'
  if (job.disabled === disabled) return { json, text: `${name} is ${word} already` }
  return {
    json: await client.text('POST', '/v1/jobs?pretty', { name: job.name, disabled }),
    text: `${name} is ${word}`,
  }
}

function pathOf(name: string): string {
  return `/v1/jobs/${encodeURIComponent(name)}?pretty`
}
