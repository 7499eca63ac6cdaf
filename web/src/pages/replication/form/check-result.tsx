/** What the test of a server found, each thing that is missing with what cures it. */
import type { ComponentChildren } from 'preact'
import { Code } from '../../../ui/code.tsx'
import { Icon, type IconName } from '../../../ui/icon.tsx'
import { ErrorState } from '../../../ui/states.tsx'
import { StatusMark } from '../../../ui/status-badge.tsx'
import { cureIn, cureLead } from '../figures/cure-text.ts'
import { sentence } from '../job-words.ts'
import type { ConnectionAnswer, Finding, Severity } from '../wire.ts'
import { type CheckState, verdictOf } from './use-check.ts'

export interface CheckResultProps {
  readonly check: CheckState
  /** The form has changed since. */
  readonly isOutdated?: boolean
  readonly actions?: ComponentChildren
}

export function CheckResult({ check: { answer, error, isBusy }, isOutdated = false, actions }: CheckResultProps) {
  return (
    <div class={isOutdated ? 'rj-check is-outdated' : 'rj-check'} aria-busy={isBusy}>
      <div role="status">
        {isBusy && answer === null && error === null && <p class="rj-soft">Connecting, at most 10 seconds …</p>}
        {answer !== null && <Headline answer={answer} />}
      </div>
      {isOutdated && <p class="rj-soft">The connection above has changed since this test.</p>}
      {error !== null && <ErrorState error={error} />}
      {error !== null && error.issues.length > 0 && (
        <ul>
          {error.issues.map(({ field, message }) => (
            <li key={field} class="field-error">
              {field} {message}
            </li>
          ))}
        </ul>
      )}
      {answer !== null && <Findings answer={answer} />}
      {actions !== undefined && <div class="form-actions">{actions}</div>}
    </div>
  )
}

const vendors: Readonly<Record<string, string>> = { mysql: 'MySQL', mariadb: 'MariaDB' }

function Headline({ answer }: { readonly answer: ConnectionAnswer }) {
  const { reachable, error, vendor, version, account, checked_from } = answer
  const server = vendor === null ? 'the server' : `${vendors[vendor] ?? vendor} ${version ?? ''}`
  return (
    <p class="rj-check-head">
      <StatusMark tone={verdictOf(answer)} />
      <span>
        {reachable ? (
          <>
            Connected to {server}
            {account !== null && (
              <>
                {' '}
                as <Code text={account} />
              </>
            )}{' '}
            from node {checked_from}. {verdictWords(answer)}
            {error !== null && ` ${sentence(error)}`}
          </>
        ) : (
          `Node ${checked_from} could not connect: ${sentence(error ?? 'no reason told')}`
        )}
      </span>
    </p>
  )
}

function verdictWords({ findings }: ConnectionAnswer): string {
  const errors = findings.filter(({ severity }) => severity === 'error').length
  if (errors > 0) return `${errors === 1 ? 'One thing is' : `${errors} things are`} missing before a job can run.`
  const warnings = findings.filter(({ severity }) => severity === 'warning').length
  return warnings > 0 ? 'A job can run, with a drawback.' : 'Everything a job needs is there.'
}

function Findings({ answer }: { readonly answer: ConnectionAnswer }) {
  if (answer.findings.length === 0) return null
  return (
    <ul class="rj-findings">
      {answer.findings.map((finding) => (
        <FindingItem key={`${finding.text} ${finding.cure_sql}`} finding={finding} />
      ))}
    </ul>
  )
}

const lead = 'Run there as an administrator'
const icons: Readonly<Record<Severity, IconName>> = { error: 'bad', warning: 'warn', note: 'note' }
const severityWords: Readonly<Record<Severity, string>> = { error: 'Missing', warning: 'Drawback', note: 'Note' }

function FindingItem({ finding: { severity, text, cure_sql, cure_config } }: { readonly finding: Finding }) {
  // The statement at the end of the text stands below, to be copied.
  const told = cure_sql === null ? null : cureIn(text)
  return (
    <li class={`rj-finding is-${severity}`}>
      <Icon name={icons[severity]} />
      <div>
        <p>
          <span class={`rj-finding-kind is-${severity}`}>{severityWords[severity]}:</span>{' '}
          {sentence(told === null ? text : told.problem)}
        </p>
        {cure_sql !== null && (
          <>
            <p>{told === null ? `${lead}:` : cureLead(told, lead)}</p>
            <Code text={cure_sql} isBlock canCopy />
          </>
        )}
        {cure_config !== null && (
          <>
            <p>
              {cure_sql === null
                ? "In the server's configuration, then restart it:"
                : "And in the server's configuration, so that it lasts:"}
            </p>
            <Code text={cure_config} isBlock canCopy />
          </>
        )}
      </div>
    </li>
  )
}
