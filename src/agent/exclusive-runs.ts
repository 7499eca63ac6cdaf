/**
 * How a run that somebody asked for reaches the leader, when the job forbids overlap.
 *
 * Easy to get wrong: the request names its group, so a leader that stood still and answers late, beside the one that
 * took over, starts nothing a second time.
 */
import { LeadershipLostError, NotFoundError, UnavailableError } from '../core/errors.ts'
import { nodeSubject, request, serve } from '../engine/calls.ts'
import type { Connection } from '../engine/connection.ts'
import type { ClusterView, LeaderDuty } from '../model/member.ts'
import type { JobView } from '../schedule/job-view.ts'
import type { ExclusiveRuns } from '../schedule/run-now.ts'

interface RunRequest {
  readonly jobName: string
  readonly group: string
}

const verb = 'run-alone'
/** A new leader is there within this. */
const patienceMs = 20_000
const askMs = 8_000
const pauseMs = 100

/** Asks whoever leads, and whoever leads next. @throws UnavailableError when nobody did it in time */
export async function runAlone(connection: Connection, cluster: ClusterView, run: RunRequest): Promise<void> {
  const { clock } = connection
  const deadlineMs = clock.monotonicMs() + patienceMs
  for (;;) {
    const leader = cluster.leader()
    try {
      if (leader === null) throw new UnavailableError('the cluster has no leader now')
      await request(connection, nodeSubject(leader.nodeName, verb), run, askMs)
      return
    } catch (error) {
      if (!(error instanceof UnavailableError) || clock.monotonicMs() >= deadlineMs) throw error
      await clock.sleep(pauseMs)
    }
  }
}

/** Does what others ask for while this node leads. */
export function servingRuns(
  connection: Connection,
  nodeName: string,
  jobs: Pick<JobView, 'findNewest'>,
  runs: ExclusiveRuns,
): LeaderDuty {
  return {
    name: 'runs',
    lead: async (_term, signal) => {
      const answer = async (payload: unknown) => {
        const { jobName, group } = payload as RunRequest
        const job = await jobs.findNewest(jobName)
        if (job === null) throw new NotFoundError(`there is no job "${jobName}"`)
        try {
          await runs.run(job.value, group)
        } catch (cause) {
          if (!(cause instanceof LeadershipLostError)) throw cause
          throw new UnavailableError('another node leads now', { cause })
        }
      }
      serve(connection, nodeSubject(nodeName, verb), answer, signal)
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
    },
  }
}
