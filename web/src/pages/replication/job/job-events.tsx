/** What happened besides rows: errors with their cure, conflicts, statements that changed the structure. */
import { Card } from '../../../ui/card.tsx'
import { Code } from '../../../ui/code.tsx'
import { StatusBadge } from '../../../ui/status-badge.tsx'
import { TimeText } from '../../../ui/time-text.tsx'
import { CuredMessage } from '../cured-message.tsx'
import { cureIn, isCode } from '../figures/cure-text.ts'
import { withoutEchoes } from '../figures/echoes.ts'
import { sentence } from '../job-words.ts'
import type { OpsDdl, OpsJobDetails, OpsProblem } from '../wire.ts'

export function JobProblems({ job: { problems, conflicts } }: { readonly job: OpsJobDetails }) {
  const isConflict = (problem: OpsProblem) => conflicts.some((one) => keyOf(one) === keyOf(problem))
  const others = withoutEchoes(problems).filter((problem) => !isConflict(problem))
  return (
    <>
      <Card title="Conflicts" note={countNote(conflicts)}>
        {conflicts.length === 0 ? (
          <p class="rj-soft">None: what the target holds is what the source expects, as far as changes have met it.</p>
        ) : (
          <Problems problems={conflicts} />
        )}
      </Card>
      <Card title="Errors" note={countNote(others)}>
        {others.length === 0 ? (
          <p class="rj-soft">None since this node began to listen.</p>
        ) : (
          <Problems problems={others} />
        )}
      </Card>
    </>
  )
}

function keyOf({ role, code, message, at }: OpsProblem): string {
  return [role, code, message, at].join('\n')
}

function countNote(problems: readonly OpsProblem[]): string | undefined {
  const current = problems.filter((problem) => problem.is_current).length
  if (problems.length === 0) return undefined
  return current === 0 ? `${problems.length}, all over` : `${current} now`
}

function Problems({ problems }: { readonly problems: readonly OpsProblem[] }) {
  return (
    <ul class="rj-problems">
      {problems.map((problem) => (
        <Problem key={keyOf(problem)} problem={problem} />
      ))}
    </ul>
  )
}

function Problem({ problem }: { readonly problem: OpsProblem }) {
  const { role, code, message, cure, at, is_current, remedy } = problem
  return (
    <li>
      <p class="rj-problem-head">
        <StatusBadge tone={problemTone(problem)} text={is_current ? 'now' : 'over'} />
        <span>{role}</span>
        <Code text={code} />
        <TimeText at={at} show="both" />
      </p>
      <CuredMessage message={message} isOver={!is_current} />
      {cure !== null && cureIn(message) === null && <Cure cure={cure} />}
      {is_current && remedy === 'retry' && <p class="rj-soft">It is tried again by itself.</p>}
    </li>
  )
}

function Cure({ cure }: { readonly cure: string }) {
  if (!isCode(cure))
    return (
      <p>
        <strong>What to do:</strong> {sentence(cure)}
      </p>
    )
  return (
    <>
      <p>
        <strong>What to do:</strong>
      </p>
      <Code text={cure} isBlock canCopy />
    </>
  )
}

function problemTone({ is_current, remedy }: OpsProblem): 'idle' | 'warn' | 'bad' {
  if (!is_current) return 'idle'
  return remedy === 'retry' ? 'warn' : 'bad'
}

export function JobDdl({ job: { ddl, tasks } }: { readonly job: OpsJobDetails }) {
  const total = tasks.target.ddl
  return (
    <Card title="Changes of structure" note={total > 0 ? `${total} since the task began` : undefined}>
      {ddl.length === 0 ? (
        <p class="rj-soft">No CREATE, ALTER or DROP has come from the source since this node began to listen.</p>
      ) : (
        <ul class="rj-problems">
          {ddl.map((statement) => (
            <DdlStatement key={`${statement.at} ${statement.sql}`} statement={statement} />
          ))}
        </ul>
      )}
    </Card>
  )
}

function DdlStatement({ statement: { at, schema, sql, outcome } }: { readonly statement: OpsDdl }) {
  return (
    <li>
      <p class="rj-problem-head">
        <StatusBadge tone={outcome === 'applied' ? 'good' : 'bad'} text={outcome} />
        {schema !== '' && <span>in {schema}</span>}
        <TimeText at={at} show="both" />
      </p>
      <Code text={sql} isBlock canCopy />
    </li>
  )
}
