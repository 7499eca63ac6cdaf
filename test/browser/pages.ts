/** The addresses of the page, and what must be there for each of them to show something. */
import { expect } from 'vitest'
import type { TestAgent } from '../harness/millrace-agent.ts'

/** With letters that an address must spell out: a job's name may have those of any script. */
export const jobName = 'nächtlich-ночью'
export const replicationId = 'orders'

const job = encodeURIComponent(jobName)

/** What each page is called, and its address, once `fillAgent` was called. */
export const allPages = [
  ['overview', '/ui/'],
  ['scheduled jobs', '/ui/jobs'],
  ['new scheduled job', '/ui/jobs/-/new'],
  ['scheduled job', `/ui/jobs/${job}`],
  ['edit scheduled job', `/ui/jobs/${job}/edit`],
  ['replication jobs', '/ui/replications'],
  ['new replication job', '/ui/replications/-/new'],
  ['replication job', `/ui/replications/${replicationId}`],
  ['cluster', '/ui/cluster'],
  ['unknown', '/ui/nowhere/at/all'],
] as const

/** Saves a scheduled job, and a replication job whose servers do not exist. */
export async function fillAgent(agent: TestAgent): Promise<void> {
  const schedule = { name: jobName, schedule: '0 30 2 * * *', timezone: 'Europe/Berlin', command: 'date' }
  const scheduled = await agent.dkron('POST', '/v1/jobs', schedule)
  expect(scheduled.status, scheduled.text).toBe(201)
  const task = (type: string, port: number) => ({
    Type: type,
    Driver: 'MySQL',
    Config: { ConnectionConfig: { Host: '127.0.0.1', Port: port, User: 'nobody', Password: 'nothing' } },
  })
  const replication = await agent.udup('POST', '/v1/jobs', {
    ID: replicationId,
    Name: replicationId,
    Type: 'synchronous',
    Tasks: [task('Src', 9), task('Dest', 10)],
  })
  expect(replication.status, replication.text).toBe(200)
}
