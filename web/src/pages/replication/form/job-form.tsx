/**
 * A job by steps, new or stored.
 *
 * Easy to get wrong: a step's faults are shown only after one has tried to leave it, or every field of a new form would be
 * red. Faults that the API found are shown at their field until that field changes.
 */
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { useLocation } from 'wouter-preact'
import { asApiError } from '../../../api/api-error.ts'
import { api } from '../../../api/client.ts'
import { paths } from '../../../routes.ts'
import { Button, ButtonLink } from '../../../ui/button.tsx'
import { toast } from '../../../ui/toast.tsx'
import { useLeaveWarning } from '../../../ui/use-leave-warning.ts'
import { isChanged, type JobDraft } from '../draft/job-draft.ts'
import { jobOf } from '../draft/job-json.ts'
import {
  draftField,
  type Faults,
  faultsOf,
  type Step,
  stepOfField,
  steps,
  stepTitles,
  suggestedName,
} from '../draft/steps.ts'
import { jobPath } from '../job-orders.tsx'
import type { WireJob } from '../wire.ts'
import type { StepProps } from './form-parts.ts'
import { OptionsStep } from './options-step.tsx'
import { ReviewStep } from './review-step.tsx'
import { ServerStep } from './server-step.tsx'
import { StepList } from './step-list.tsx'
import { TablesStep } from './tables-step.tsx'
import { useCheck } from './use-check.ts'
import { isNameTaken, type PreviewState, useSavePreview } from './use-save-preview.ts'

export function JobForm({ initial }: { readonly initial: JobDraft }) {
  const isStored = initial.id !== null
  const [draft, setDraft] = useState(initial)
  const [step, setStep] = useState<Step>('source')
  const [seen, setSeen] = useState<ReadonlySet<Step>>(new Set<Step>(isStored ? steps : ['source']))
  const [tried, setTried] = useState<ReadonlySet<Step>>(new Set())
  const [refused, setRefused] = useState<Faults>({})
  const checks = { source: useCheck('source'), target: useCheck('target') }
  const panel = useRef<HTMLElement>(null)
  useStepFocus(step, panel)
  useLeaveWarning(isChanged(initial, draft))

  const goTo = (next: Step) => {
    if (next === 'options' && draft.name === '') setDraft({ ...draft, name: suggestedName(draft) })
    setSeen(new Set([...seen, next]))
    setStep(next)
  }
  const change = (part: Partial<JobDraft>) => {
    setRefused({})
    setDraft((before) => ({ ...before, ...part }))
  }
  const leave = () => {
    setTried(new Set([...tried, step]))
    if (Object.keys(faultsOf(step, draft)).length > 0) {
      requestAnimationFrame(() => panel.current?.querySelector<HTMLElement>('[aria-invalid], [role=alert]')?.focus())
      return
    }
    const next = steps[steps.indexOf(step) + 1]
    if (next !== undefined) goTo(next)
  }
  const faultsShown = { ...(tried.has(step) ? faultsOf(step, draft) : {}), ...refused }
  const faulty = new Set(steps.filter((one) => isFaulty(one, draft, refused)))
  const props: StepProps = { draft, change, faults: faultsShown, checks }
  return (
    <div class="rj-form">
      <StepList current={step} seen={seen} faulty={new Set([...faulty].filter((one) => seen.has(one)))} goTo={goTo} />
      <section class="card rj-panel" aria-labelledby="rj-step-title" ref={panel}>
        <h2 id="rj-step-title" class="rj-panel-title" tabIndex={-1}>
          {stepTitles[step]}
        </h2>
        {step === 'review' ? (
          <Review {...props} goTo={goTo} isBlocked={faulty.size > 0} onRefused={setRefused} />
        ) : (
          <form
            noValidate
            onSubmit={(event) => {
              event.preventDefault()
              leave()
            }}
          >
            {step === 'source' && <ServerStep key="source" side="source" {...props} />}
            {step === 'tables' && <TablesStep {...props} />}
            {step === 'target' && <ServerStep key="target" side="target" {...props} />}
            {step === 'options' && <OptionsStep {...props} />}
            <footer class="rj-panel-foot">
              <BackButton step={step} goTo={goTo} />
              <Button kind="primary" type="submit">
                Continue
              </Button>
            </footer>
          </form>
        )}
      </section>
    </div>
  )
}

function isFaulty(step: Step, draft: JobDraft, refused: Faults): boolean {
  if (Object.keys(faultsOf(step, draft)).length > 0) return true
  return Object.keys(refused).some((field) => stepOfField(field) === step)
}

/**
 * The heading of a step takes the focus when one comes to it, before a key can go to another place; not when the page
 * opens.
 */
function useStepFocus(step: Step, panel: { readonly current: HTMLElement | null }): void {
  const before = useRef(step)
  useLayoutEffect(() => {
    if (before.current === step) return
    before.current = step
    panel.current?.querySelector<HTMLElement>('h2')?.focus({ preventScroll: true })
    panel.current?.scrollIntoView({ block: 'nearest' })
  }, [step, panel])
}

function BackButton({ step, goTo }: { readonly step: Step; readonly goTo: (step: Step) => void }) {
  const back = steps[steps.indexOf(step) - 1]
  if (back === undefined) return <ButtonLink href={paths.replications}>Cancel</ButtonLink>
  return <Button onClick={() => goTo(back)}>Back</Button>
}

interface ReviewProps extends StepProps {
  readonly goTo: (step: Step) => void
  readonly isBlocked: boolean
  readonly onRefused: (faults: Faults) => void
}

function Review({ isBlocked, onRefused, ...props }: ReviewProps) {
  const { draft, goTo } = props
  const preview = useSavePreview(draft)
  const [isBusy, setIsBusy] = useState(false)
  const [, go] = useLocation()
  const save = async () => {
    setIsBusy(true)
    try {
      const saved = await saveJob(draft)
      toast(draft.id === null ? `${saved.Name} is created` : `${saved.Name} is saved`)
      go(paths.replication(saved.ID))
    } catch (error) {
      const { message, issues } = asApiError(error)
      toast(message, 'bad')
      onRefused(Object.fromEntries(issues.map((issue) => [draftField(issue.field), issue.message])))
      setIsBusy(false)
    }
  }
  return (
    <>
      <ReviewStep {...props} preview={preview} />
      <footer class="rj-panel-foot">
        <BackButton step="review" goTo={goTo} />
        <Button
          kind="primary"
          isBusy={isBusy}
          disabled={isBlocked || isRefused(draft, preview)}
          onClick={() => void save()}
        >
          {draft.id === null ? 'Create the job' : 'Save the job'}
        </Button>
      </footer>
    </>
  )
}

function isRefused(draft: JobDraft, preview: PreviewState): boolean {
  return preview.error !== null || isNameTaken(draft, preview.preview)
}

function saveJob(draft: JobDraft): Promise<WireJob> {
  if (draft.id === null) return api.send<WireJob>('POST', '/udup/v1/jobs', jobOf(draft))
  return api.send<WireJob>('PUT', jobPath(draft.id), jobOf(draft))
}
