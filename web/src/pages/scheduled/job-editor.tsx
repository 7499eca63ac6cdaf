/**
 * Edits one job, as a form or as JSON, and saves it.
 *
 * Easy to get wrong: both views are of one draft. The JSON is read with every key; while it cannot be read, the draft
 * stays as it was and the other view cannot be opened, so nothing typed is ever lost.
 */
import { useRef, useState } from 'preact/hooks'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { useLeaveWarning } from '../../ui/use-leave-warning.ts'
import { fieldId, labelOf, rootOf } from './form-fields.ts'
import { type FieldProblem, isChanged, type JobDraft, rowIssues } from './job-draft.ts'
import { JobForm } from './job-form.tsx'
import { JobJsonEditor } from './job-json-editor.tsx'
import { jobText, readJobText } from './job-text.ts'
import { type SaveFailure, saveJob } from './save-job.ts'

export interface JobEditorProps {
  /** What is stored, or what a new job begins with. */
  readonly base: JobDraft
  readonly isStored: boolean
  /** Where one goes without saving. */
  readonly cancelPath: string
  readonly onSaved: (name: string) => void
}

const nothingWrong: SaveFailure = { message: null, problems: [] }

export function JobEditor({ base, isStored, cancelPath, onSaved }: JobEditorProps) {
  const [draft, setDraft] = useState(base)
  const [view, setView] = useState('form')
  const [text, setText] = useState('')
  const [textProblem, setTextProblem] = useState<string | null>(null)
  const [failure, setFailure] = useState(nothingWrong)
  const [isSaving, setIsSaving] = useState(false)
  const element = useRef<HTMLFormElement>(null)
  const hasChanges = isChanged(base, draft)
  useLeaveWarning(hasChanges && !isSaving)

  const set = (change: Partial<JobDraft>) => {
    setDraft((before) => ({ ...before, ...change }))
    // What was wrong with a field is not known any more once it is changed.
    setFailure(({ problems }) => ({
      message: null,
      problems: problems.filter(({ field }) => !(rootOf(field) in change)),
    }))
  }
  const type = (typed: string) => {
    setText(typed)
    const read = readJobText(typed, isStored ? base.name : null)
    setTextProblem(read.kind === 'invalid' ? read.message : null)
    if (read.kind === 'draft') setDraft(read.draft)
  }
  const show = (key: string) => {
    if (key === view || (view === 'json' && textProblem !== null)) return
    const problems = rowIssues(draft)
    if (key === 'json' && problems.length > 0) return setFailure({ message: null, problems })
    if (key === 'json') setText(jobText(draft))
    setView(key)
  }
  const save = async () => {
    if (textProblem !== null) return
    setIsSaving(true)
    const outcome = await saveJob(base, draft, isStored)
    setIsSaving(false)
    if (outcome.kind === 'saved') return onSaved(outcome.name)
    setFailure(outcome.failure)
    focusFirst(element.current, outcome.failure.problems)
  }
  return (
    <form
      class="job-editor"
      ref={element}
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
    >
      <Tabs
        label="How to edit the job"
        current={view}
        onChange={show}
        tabs={[
          {
            key: 'form',
            title: 'Form',
            render: () => <JobForm form={{ draft, problems: failure.problems, isStored, set }} />,
          },
          {
            key: 'json',
            title: 'JSON',
            render: () => <JobJsonEditor text={text} problem={textProblem} draft={draft} onInput={type} />,
          },
        ]}
      />
      <div class="save-bar">
        <FailureText failure={failure} onGo={(field) => focusField(element.current, field)} canGo={view === 'form'} />
        <div class="form-actions">
          <Button kind="primary" type="submit" isBusy={isSaving} disabled={textProblem !== null}>
            {isStored ? 'Save changes' : 'Create job'}
          </Button>
          <ButtonLink href={cancelPath}>Cancel</ButtonLink>
        </div>
      </div>
    </form>
  )
}

interface FailureTextProps {
  readonly failure: SaveFailure
  readonly canGo: boolean
  readonly onGo: (field: string) => void
}

function FailureText({ failure: { message, problems }, canGo, onGo }: FailureTextProps) {
  return (
    <div role="alert" class="save-problems">
      {message !== null && <p>{message}</p>}
      {problems.length > 0 && (
        <>
          <p>{problems.length === 1 ? 'One field needs a look' : `${problems.length} fields need a look`}:</p>
          <ul>
            {problems.map((problem) => (
              <li key={`${problem.field} ${problem.message}`}>
                {canGo ? (
                  <button type="button" class="link-button" onClick={() => onGo(problem.field)}>
                    {labelOf(problem.field)}
                  </button>
                ) : (
                  <strong>{problem.field}</strong>
                )}{' '}
                {problem.message}
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  )
}

/** Once the errors stand at their fields. */
function focusFirst(form: HTMLFormElement | null, problems: readonly FieldProblem[]): void {
  if (problems.length === 0) return
  requestAnimationFrame(() => {
    const first = form?.querySelector<HTMLElement>('[aria-invalid]')
    if (first === null || first === undefined) focusField(form, problems[0]?.field ?? '')
    else first.focus()
  })
}

function focusField(form: HTMLFormElement | null, field: string): void {
  const within = form?.querySelector(`#${CSS.escape(fieldId(field))}`)
  const control =
    within?.querySelector<HTMLElement>('[aria-invalid]') ??
    within?.querySelector<HTMLElement>('input, select, textarea, button')
  control?.focus()
}
