/** The steps of the form: where one is, what is done, what was left with a fault. */
import { Icon } from '../../../ui/icon.tsx'
import { type Step, steps, stepTitles } from '../draft/steps.ts'

export interface StepListProps {
  readonly current: Step
  /** Steps that have been seen can be gone to. */
  readonly seen: ReadonlySet<Step>
  readonly faulty: ReadonlySet<Step>
  readonly goTo: (step: Step) => void
}

export function StepList({ current, seen, faulty, goTo }: StepListProps) {
  return (
    <nav class="rj-steps" aria-label="Steps">
      <ol>
        {steps.map((step, index) => (
          <li key={step}>
            <button
              type="button"
              class="rj-step"
              aria-current={step === current ? 'step' : undefined}
              disabled={!seen.has(step)}
              onClick={() => goTo(step)}
            >
              <span class={markClass(step, current, seen, faulty)} aria-hidden="true">
                {faulty.has(step) && step !== current ? (
                  '!'
                ) : seen.has(step) && step !== current ? (
                  <Icon name="check" size={12} />
                ) : (
                  index + 1
                )}
              </span>
              <span class="rj-step-title">{stepTitles[step]}</span>
              {faulty.has(step) && step !== current && <span class="for-readers">, something is missing</span>}
            </button>
          </li>
        ))}
      </ol>
    </nav>
  )
}

function markClass(step: Step, current: Step, seen: ReadonlySet<Step>, faulty: ReadonlySet<Step>): string {
  if (step === current) return 'rj-step-mark is-current'
  if (!seen.has(step)) return 'rj-step-mark'
  return faulty.has(step) ? 'rj-step-mark is-bad' : 'rj-step-mark is-done'
}
