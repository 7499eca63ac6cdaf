/** How the job has done so far. */
import { Card } from '../../ui/card.tsx'
import { Count, TimeText } from '../../ui/time-text.tsx'
import { successPercent } from './outcome-words.ts'
import { RunBars } from './run-bars.tsx'
import type { Fire, JobAnswer, RecentRun } from './wire.ts'

const shownRuns = 30

export function RunsCard({ job, fires }: { readonly job: JobAnswer; readonly fires: readonly Fire[] }) {
  const { success_count: successes, error_count: failures } = job
  const percent = successPercent(successes, failures)
  return (
    <Card title="Runs" class="runs-card">
      <div class="runs-rate">
        <span class="runs-percent">{percent === null ? '–' : `${percent} %`}</span>
        <span class="soft">{percent === null ? 'nothing ran yet' : 'succeeded'}</span>
      </div>
      <RunBars runs={recentRuns(fires)} width={240} height={40} />
      <dl class="facts">
        <dt>Succeeded</dt>
        <dd>
          <Count value={successes} />
        </dd>
        <dt>Not succeeded</dt>
        <dd>
          <Count value={failures} />
        </dd>
        <dt>Last success</dt>
        <dd>
          <TimeText at={job.last_success} show="both" none="never" />
        </dd>
        <dt>Last failure</dt>
        <dd>
          <TimeText at={job.last_error} show="both" none="never" />
        </dd>
      </dl>
    </Card>
  )
}

/** The last executions that ended, oldest first. */
function recentRuns(fires: readonly Fire[]): readonly RecentRun[] {
  return fires
    .flatMap(({ executions }) => executions.filter(({ outcome }) => outcome !== 'running').toReversed())
    .slice(0, shownRuns)
    .toReversed()
}
