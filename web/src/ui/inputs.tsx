/** Controls for forms. Inside a `Field` they are tied to its label; elsewhere they need an `aria-label`. */
import type { ComponentChildren, JSX } from 'preact'
import { useId } from 'preact/hooks'
import { useField } from './field.tsx'

type InputAttributes = Omit<JSX.IntrinsicElements['input'], 'value' | 'onInput' | 'onChange' | 'size' | 'ref'>
type SelectAttributes = Omit<JSX.IntrinsicElements['select'], 'value' | 'onInput' | 'onChange' | 'size' | 'ref'>
type AreaAttributes = Omit<JSX.IntrinsicElements['textarea'], 'value' | 'onInput' | 'onChange' | 'ref'>

export interface TextInputProps extends InputAttributes {
  readonly value: string
  readonly onInput: (value: string) => void
  /** Names, expressions and commands: a fixed-width font, no spelling help. */
  readonly isCode?: boolean
}

export function TextInput({ value, onInput, isCode = false, class: className = '', ...rest }: TextInputProps) {
  const wiring = useControl()
  return (
    <input
      type="text"
      {...(isCode ? plainTyping : {})}
      {...wiring}
      {...rest}
      class={`input ${isCode ? 'is-code' : ''} ${className}`}
      value={value}
      onInput={(event) => onInput(event.currentTarget.value)}
    />
  )
}

export interface TextAreaProps extends AreaAttributes {
  readonly value: string
  readonly onInput: (value: string) => void
  readonly isCode?: boolean
}

export function TextArea({ value, onInput, isCode = false, class: className = '', ...rest }: TextAreaProps) {
  const wiring = useControl()
  return (
    <textarea
      rows={4}
      {...(isCode ? plainTyping : {})}
      {...wiring}
      {...rest}
      class={`input ${isCode ? 'is-code' : ''} ${className}`}
      value={value}
      onInput={(event) => onInput(event.currentTarget.value)}
    />
  )
}

export interface Option {
  readonly value: string
  readonly text: string
}

export interface SelectProps extends SelectAttributes {
  readonly value: string
  readonly options: readonly (Option | string)[]
  readonly onChange: (value: string) => void
}

export function Select({ value, options, onChange, class: className = '', ...rest }: SelectProps) {
  const wiring = useControl()
  return (
    <select
      {...wiring}
      {...rest}
      class={`input select ${className}`}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    >
      {options.map((option) => {
        const { value: each, text } = typeof option === 'string' ? { value: option, text: option } : option
        return (
          <option key={each} value={each} selected={each === value}>
            {text}
          </option>
        )
      })}
    </select>
  )
}

export interface CheckboxProps {
  readonly checked: boolean
  readonly onChange: (checked: boolean) => void
  readonly label: ComponentChildren
  readonly hint?: ComponentChildren
  readonly disabled?: boolean
  /** Some, not all, of what it stands for. */
  readonly isMixed?: boolean
}

/** With its own label, so it needs no Field around it. */
export function Checkbox({ checked, onChange, label, hint, disabled = false, isMixed = false }: CheckboxProps) {
  const id = useId()
  return (
    <div class="checkbox">
      <input
        id={id}
        type="checkbox"
        checked={checked}
        disabled={disabled}
        indeterminate={isMixed}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <label for={id}>{label}</label>
      {hint !== undefined && (
        <p class="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  )
}

const plainTyping = { spellcheck: false, autocomplete: 'off', autocapitalize: 'none' } as const

function useControl() {
  const { id, describedBy, isInvalid } = useField()
  return { id, 'aria-describedby': describedBy, 'aria-invalid': isInvalid || undefined }
}
