/** Samples that tests change where it matters. */
import type { Execution } from '../../src/model/execution.ts'
import type { Member } from '../../src/model/member.ts'
import type { ScheduledJob } from '../../src/model/scheduled-job.ts'
import { defaultFields } from '../../src/schedule/job-patch.ts'

/** 2026-01-02T03:04:05Z: a whole second. */
export const sampleNowMs = Date.UTC(2026, 0, 2, 3, 4, 5)

export function sampleJob(change: Partial<ScheduledJob> = {}): ScheduledJob {
  return {
    ...defaultFields,
    name: 'job',
    schedule: '* * * * * *',
    command: 'true',
    createdAt: sampleNowMs,
    scheduledSince: sampleNowMs,
    ...change,
  }
}

export function sampleMember(nodeName: string, change: Partial<Member> = {}): Member {
  return {
    nodeId: `id-of-${nodeName}`,
    nodeName,
    status: 'alive',
    address: '127.0.0.1',
    dkronPort: 8080,
    udupPort: 8190,
    natsPort: 8193,
    natsRoutePort: 8194,
    natsRole: 'server',
    tags: {},
    version: '0.1.0',
    startedAt: 0,
    ...change,
  }
}

export function sampleExecution(change: Partial<Execution> = {}): Execution {
  const group = change.group ?? `${sampleNowMs}000000`
  return {
    id: `${group}-1-node-1`,
    jobName: 'job',
    group,
    attempt: 1,
    nodeName: 'node-1',
    scheduledAt: sampleNowMs,
    startedAt: sampleNowMs + 3,
    finishedAt: sampleNowMs + 1_003,
    outcome: 'succeeded',
    reason: '',
    exitCode: 0,
    signal: null,
    output: 'out\n',
    outputBytes: 4,
    ...change,
  }
}
