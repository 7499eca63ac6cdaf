/** Both tasks on their nodes, and the stream between them. */
import { Card } from '../../../ui/card.tsx'
import { StatusMark, type Tone } from '../../../ui/status-badge.tsx'
import { Bytes, Count, TimeText } from '../../../ui/time-text.tsx'
import { addressText, sentence, stageWords, strategyWords } from '../job-words.ts'
import type { OpsJobDetails, Role } from '../wire.ts'

export function JobRoute({ job }: { readonly job: OpsJobDetails }) {
  return (
    <div class="rj-tasks">
      <TaskCard job={job} side="source" />
      <Stream job={job} />
      <TaskCard job={job} side="target" />
    </div>
  )
}

const titles: Readonly<Record<Role, string>> = { source: 'Source', target: 'Target' }

function TaskCard({ job, side: role }: { readonly job: OpsJobDetails; readonly side: Role }) {
  const server = job[role]
  const task = job.tasks[role]
  return (
    <Card title={titles[role]} note={addressText(server)}>
      <dl class="rj-facts">
        <dt>Node</dt>
        <dd>{task.node_name ?? task.node_id ?? 'none yet'}</dd>
        <dt>Task</dt>
        <dd>
          <span class="rj-task-state">
            <StatusMark tone={taskTone(job, role)} /> {task.is_running ? stageWords(task.stage) : 'not running'}
          </span>
        </dd>
        <dt>Account</dt>
        <dd>{server.user}</dd>
        {role === 'source' ? (
          <>
            <dt>Sends</dt>
            <dd>
              <Bytes value={task.bytes_per_second} />
              /s
            </dd>
          </>
        ) : (
          <>
            <dt>Writes by</dt>
            <dd>{strategyWords(task.strategy)}</dd>
          </>
        )}
        <dt>{role === 'source' ? 'Waits to be sent' : 'Waits to be written'}</dt>
        <dd>
          <Bytes value={task.queued_bytes} />
        </dd>
        <dt>Last report</dt>
        <dd>
          <TimeText at={task.at} none="none yet" />
        </dd>
      </dl>
      <p class="rj-task-words" title={sentence(task.description)}>
        {sentence(task.description) || 'Nothing told yet.'}
      </p>
    </Card>
  )
}

function taskTone({ status, problems, tasks }: OpsJobDetails, role: Role): Tone {
  if (problems.some((problem) => problem.is_current && problem.role === role)) return 'bad'
  if (!tasks[role].is_running) return status === 'complete' ? 'good' : 'idle'
  return tasks[role].stage === 'full' ? 'busy' : tasks[role].stage === 'starting' ? 'warn' : 'good'
}

function Stream({ job }: { readonly job: OpsJobDetails }) {
  const isFlowing = job.status === 'running'
  return (
    <div class={isFlowing ? 'rj-stream is-flowing' : 'rj-stream'}>
      <svg class="rj-stream-line" viewBox="0 0 120 12" preserveAspectRatio="none" aria-hidden="true">
        <path d="M0 6h120" />
      </svg>
      <p>
        <span class="for-readers">In the stream between them: </span>
        <strong>
          <Bytes value={job.backlog_bytes} />
        </strong>{' '}
        waiting
      </p>
      <p class="rj-soft">
        <Count value={job.transactions_per_second} /> transactions/s
      </p>
    </div>
  )
}
