/** Everything once more, both servers tested for exactly this job, and the JSON that is posted. */
import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'
import type { ApiError } from '../../../api/api-error.ts'
import { Button } from '../../../ui/button.tsx'
import { Code } from '../../../ui/code.tsx'
import { Icon } from '../../../ui/icon.tsx'
import type { JobDraft } from '../draft/job-draft.ts'
import { jobOf, shownJob } from '../draft/job-json.ts'
import { draftField, type Step, stepOfField, stepTitles } from '../draft/steps.ts'
import { sentence } from '../job-words.ts'
import type { Role } from '../wire.ts'
import { CheckResult } from './check-result.tsx'
import { DraftSummary } from './draft-summary.tsx'
import type { StepProps } from './form-parts.ts'
import { isNameTaken, type PreviewState } from './use-save-preview.ts'

export interface ReviewStepProps extends StepProps {
  readonly preview: PreviewState
  readonly goTo: (step: Step) => void
}

const serverTitles: Readonly<Record<Role, string>> = { source: 'Source', target: 'Target' }

export function ReviewStep({ draft, checks, preview, goTo }: ReviewStepProps) {
  const { source, target } = checks
  useEffect(() => {
    void source.run(draft)
    void target.run(draft)
  }, [])
  return (
    <div class="form">
      <DraftSummary draft={draft} />
      <Preview draft={draft} preview={preview} goTo={goTo} />
      <div class="rj-review-checks">
        {(['source', 'target'] as const).map((role) => (
          <section key={role} aria-label={`Test of the ${role}`}>
            <h3>{serverTitles[role]}</h3>
            <CheckResult
              check={checks[role]}
              actions={
                <Button size="small" isBusy={checks[role].isBusy} onClick={() => void checks[role].run(draft)}>
                  Test again
                </Button>
              }
            />
          </section>
        ))}
      </div>
      <details class="rj-rules">
        <summary class="rj-rules-title">The JSON that is posted</summary>
        <p class="soft">
          To <code>POST /udup/v1/jobs</code>. A password that was typed is masked here, and sent as it is.
        </p>
        <Code text={JSON.stringify(shownJob(jobOf(draft)), null, 2)} isBlock canCopy />
      </details>
    </div>
  )
}

interface PreviewProps {
  readonly draft: JobDraft
  readonly preview: PreviewState
  readonly goTo: (step: Step) => void
}

function Preview({ draft, preview: { preview, error }, goTo }: PreviewProps) {
  if (isNameTaken(draft, preview))
    return (
      <Fault step="options" goTo={goTo}>
        There is a job named {draft.name} already; this would change it. Give the new one another name.
      </Fault>
    )
  if (error !== null) return <Refusal error={error} goTo={goTo} />
  if (preview === null) return null
  return (
    <>
      {preview.Warnings.map((warning) => (
        <p key={warning} class="rj-note is-warn">
          <Icon name="warn" />
          <span>{sentence(warning)}</span>
        </p>
      ))}
      {preview.Exists && (
        <p class="rj-note">
          <Icon name="note" />
          <span>
            {preview.Changed
              ? 'Both tasks start again with this, and go on where the target stands.'
              : 'Nothing is changed yet.'}
          </span>
        </p>
      )}
    </>
  )
}

function Refusal({ error, goTo }: { readonly error: ApiError; readonly goTo: (step: Step) => void }) {
  if (error.issues.length === 0) return <p class="field-error">{sentence(error.message)}</p>
  return (
    <div class="stack">
      {error.issues.map(({ field, message }) => (
        <Fault key={`${field} ${message}`} step={stepOfField(draftField(field))} goTo={goTo}>
          {field} {message}.
        </Fault>
      ))}
    </div>
  )
}

function Fault({
  step,
  goTo,
  children,
}: {
  readonly step: Step
  readonly goTo: (step: Step) => void
  readonly children: ComponentChildren
}) {
  return (
    <p class="rj-note is-bad" role="alert">
      <Icon name="bad" />
      <span>{children}</span>
      <Button size="small" onClick={() => goTo(step)}>
        Change under {stepTitles[step]}
      </Button>
    </p>
  )
}
