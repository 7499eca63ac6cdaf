/** Asks before what cannot be taken back. `Confirmations` stands once in the app. */
import { signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'
import { Field } from './field.tsx'
import { TextInput } from './inputs.tsx'

export interface Question {
  readonly title: string
  readonly text: ComponentChildren
  /** What the button says: the deed, not "OK". */
  readonly action: string
  readonly kind?: 'danger' | 'primary'
  /** Must be typed before the button can be pressed, where much would be lost. */
  readonly typed?: string
}

const asked = signal<{ readonly question: Question; answer(isYes: boolean): void } | null>(null)

/** True when the user pressed the action. */
export function confirm(question: Question): Promise<boolean> {
  asked.value?.answer(false)
  return new Promise((resolve) => {
    asked.value = {
      question,
      answer(isYes) {
        asked.value = null
        resolve(isYes)
      },
    }
  })
}

export function Confirmations() {
  const current = asked.value
  return current === null ? null : <Asked key={current.question.title} {...current} />
}

function Asked({ question, answer }: { readonly question: Question; answer(isYes: boolean): void }) {
  const { title, text, action, kind = 'danger', typed } = question
  const [given, setGiven] = useState('')
  const isReady = typed === undefined || given === typed
  return (
    <Dialog
      title={title}
      isOpen
      size="narrow"
      onClose={() => answer(false)}
      onSubmit={() => isReady && answer(true)}
      actions={
        <>
          <Button onClick={() => answer(false)}>Cancel</Button>
          <Button kind={kind} type="submit" disabled={!isReady}>
            {action}
          </Button>
        </>
      }
    >
      <div class="prose">{text}</div>
      {typed !== undefined && (
        <Field label={`Type ${typed} to go on`}>
          <TextInput isCode value={given} onInput={setGiven} />
        </Field>
      )}
    </Dialog>
  )
}
