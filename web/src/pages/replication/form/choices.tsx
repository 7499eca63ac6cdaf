/** One of a few things, each with a line that says what it means. */
import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

export interface Choice<Value extends string> {
  readonly value: Value
  readonly title: string
  readonly text: ComponentChildren
}

export interface ChoicesProps<Value extends string> {
  readonly label: string
  readonly value: Value
  readonly choices: readonly Choice<Value>[]
  readonly onChange: (value: Value) => void
}

export function Choices<Value extends string>({ label, value, choices, onChange }: ChoicesProps<Value>) {
  const id = useId()
  return (
    <fieldset class="rj-choices">
      <legend class="field-label">{label}</legend>
      {choices.map((choice) => (
        <label key={choice.value} class="rj-choice" data-chosen={choice.value === value || undefined}>
          <input
            type="radio"
            name={id}
            checked={choice.value === value}
            aria-describedby={`${id}-${choice.value}`}
            onChange={() => onChange(choice.value)}
          />
          <span>
            <span class="rj-choice-title">{choice.title}</span>
            <span class="field-hint" id={`${id}-${choice.value}`}>
              {choice.text}
            </span>
          </span>
        </label>
      ))}
    </fieldset>
  )
}
