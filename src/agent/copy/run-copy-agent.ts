/**
 * An agent for one copy: the parts of an agent that replicate, without schedules and APIs, for one job.
 *
 * Easy to get wrong: what ends it first ends everything, tasks before NATS; only then is the target's bookkeeping read, and
 * removed where nobody will go on with the copy.
 */

import type { CopyServer } from '../../cli/copy/ports.ts'
import { LeaderLoop } from '../../cluster/leader-loop.ts'
import { loadSettings } from '../../config/load-settings.ts'
import type { Settings } from '../../config/options.ts'
import { type Clock, systemClock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { Scope } from '../../core/scope.ts'
import type { ReplicationJob, TaskRole } from '../../model/replication-job.ts'
import type { JobDraft, TaskDraft } from '../../replication/service/job-draft.ts'
import type { ReplicationService } from '../../replication/service/replication-service.ts'
import { agentLog } from '../agent-log.ts'
import { type DataDirectory, openDataDirectory } from '../data-directory.ts'
import { DataDirectoryInUseError } from '../errors.ts'
import { freeLoopbackAddress } from '../forming/free-loopback-address.ts'
import { openNats } from '../forming/open-nats.ts'
import { openCluster } from '../open-cluster.ts'
import { openReplication } from '../open-replication.ts'
import { readRecord } from './copy-folder.ts'
import type { CopyMessage, CopySpec, TaskNews } from './copy-messages.ts'
import { forgetCopy, readPosition } from './target-bookkeeping.ts'

const nodeName = 'copy'
const newsEveryMs = 100
/** A run that was killed may still be ending. */
const lockPatienceMs = 20_000
const defaults = { bufferedMessages: 600, frameBytes: 262_144 }

export interface CopyAgentOptions {
  tell(message: CopyMessage): void
  /** Ends it. */
  readonly signal: AbortSignal
  /** Asked when it has ended. */
  forgets(): boolean
}

/** Runs until `signal` aborts; the last message is `stopped`. @throws what keeps it from starting */
export async function runCopyAgent(spec: CopySpec, options: CopyAgentOptions): Promise<void> {
  const log = agentLog('info', { node: nodeName })
  const directory = await openDirectory(spec.folder, options.signal)
  try {
    await live(spec, directory, options, log).catch((error: unknown) => {
      if (!options.signal.aborted) throw error
      // Whatever a start that was cut short complains of.
      log.info({ reason: messageOf(error) }, 'the copy was stopped while it started')
    })
    options.tell({ kind: 'stopped', ...(await finish(spec, options.forgets())) })
  } finally {
    directory.release()
  }
}

async function live(spec: CopySpec, directory: DataDirectory, options: CopyAgentOptions, log: Log): Promise<void> {
  // What runs beside us ends with the scope, also when that ends by an error and nobody has told us to stop.
  const ending = new AbortController()
  const signal = AbortSignal.any([options.signal, ending.signal])
  const settings = await settingsOf(spec)
  const { path: dataDir, nodeId } = directory
  await using scope = new Scope()
  const nats = await openNats(scope, settings, { dataDir, nodeId, nodeName, log, signal })
  const { connection, access, sealer: secrets, natsRole } = nats
  const parts = { settings, connection, log, signal }
  const { membership, lease, clock, isKnownNode } = await openCluster(scope, { ...parts, nodeId, natsRole })
  const replication = await openReplication(scope, {
    ...{ ...parts, access, cluster: membership, clock, secrets, isKnownNode },
  })
  const loop = new LeaderLoop({ lease, duties: [replication.placement], clock: systemClock, log })
  const leading = loop.run(signal)
  scope.defer(() => leading)
  scope.defer(() => ending.abort(new Error('the copy has ended')))
  const startedAt = clock.now()
  const { value: job } = await replication.jobs.save(draftOf(spec))
  await tellNews(replication, job, { startedAt, clock, options })
}

async function tellNews(
  { progress }: ReplicationService,
  job: ReplicationJob,
  { startedAt, clock, options }: { startedAt: number; clock: Clock; options: CopyAgentOptions },
): Promise<void> {
  const newsOf = (role: TaskRole): TaskNews | null => {
    const record = progress.task(job, role).record
    // What an earlier run told last says nothing about this one.
    if (record === null || record.at < startedAt || !record.isRunning) return null
    const { report, copied, at } = record
    const { stage, problem, tables } = report
    return { at, stage, problem, report, copied, tables }
  }
  let told = ''
  while (!options.signal.aborted) {
    const news = { kind: 'news', source: newsOf('source'), target: newsOf('target') } as const
    const text = JSON.stringify(news)
    if (text !== told) options.tell(news)
    told = text
    await clock.sleep(newsEveryMs, options.signal).catch(() => undefined)
  }
}

async function finish(spec: CopySpec, forgets: boolean): Promise<{ position: string; leftovers: string }> {
  const { plan, jobId, folder } = spec
  const position = await readPosition(plan.to, jobId).catch(() => '')
  if (!forgets) return { position, leftovers: '' }
  try {
    await forgetCopy(plan.to, jobId, readRecord(folder)?.madeBookkeeping === true)
    return { position, leftovers: '' }
  } catch (error) {
    const { host, port } = plan.to
    const what = `rows of job_id ${jobId} stay in the schema millrace on ${host}:${port} (${messageOf(error)})`
    return { position, leftovers: what }
  }
}

async function openDirectory(path: string, signal: AbortSignal): Promise<DataDirectory> {
  const deadlineMs = systemClock.monotonicMs() + lockPatienceMs
  for (;;) {
    try {
      return openDataDirectory(path)
    } catch (error) {
      const isOver = systemClock.monotonicMs() > deadlineMs
      if (!(error instanceof DataDirectoryInUseError) || isOver || signal.aborted) throw error
      await systemClock.sleep(200, signal)
    }
  }
}

async function settingsOf(spec: CopySpec): Promise<Settings> {
  const flags = {
    'data-dir': spec.folder,
    'node-name': nodeName,
    'nats-addr': await freeLoopbackAddress(),
    'nats-route-addr': await freeLoopbackAddress(),
    'nats-servers': '1',
    'nats-server': spec.natsServer,
    'stream-limit': spec.streamLimit,
  }
  return loadSettings({ flags, environment: {} }).settings
}

function draftOf({ plan, jobId }: CopySpec): JobDraft {
  const taskOf = (role: TaskRole, { host, port, user, password }: CopyServer): TaskDraft => ({
    ...{
      role,
      nodeId: null,
      driver: 'MySQL',
      natsAddress: null,
      parallelWorkers: plan.threads,
      gtid: null,
      ...defaults,
    },
    server: { host, port, user, password: { kind: 'clear', text: password } },
    ...(role === 'source' ? { include: plan.include, exclude: plan.exclude } : { include: [], exclude: [] }),
    ...{ forceSql: false, dropTableIfExists: role === 'target' && plan.dropsTables, skipCreateTable: false },
  })
  return {
    ...{ id: jobId, name: jobId, kind: 'synchronous' },
    source: taskOf('source', plan.from),
    target: taskOf('target', plan.to),
  }
}
