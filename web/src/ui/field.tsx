/**
 * One field of a form: label, control, hint and error, tied together for screen readers.
 *
 * Easy to get wrong: the control finds its id and descriptions through the context, so that `TextInput` and the others
 * need nothing but to stand inside.
 */
import { type ComponentChildren, createContext } from 'preact'
import { useContext, useId, useMemo } from 'preact/hooks'

export interface FieldWiring {
  readonly id: string | undefined
  readonly describedBy: string | undefined
  readonly isInvalid: boolean
}

const nowhere: FieldWiring = { id: undefined, describedBy: undefined, isInvalid: false }
const WiringContext = createContext<FieldWiring>(nowhere)

export interface FieldProps {
  readonly label: ComponentChildren
  readonly hint?: ComponentChildren
  readonly error?: string | undefined
  readonly isOptional?: boolean
  readonly class?: string
  readonly children: ComponentChildren
}

export function Field({ label, hint, error, isOptional = false, class: className = '', children }: FieldProps) {
  const id = useId()
  const isInvalid = error !== undefined && error !== ''
  const describedBy = [hint !== undefined && `${id}-hint`, isInvalid && `${id}-error`].filter(Boolean).join(' ')
  const wiring = useMemo(
    () => ({ id, describedBy: describedBy === '' ? undefined : describedBy, isInvalid }),
    [id, describedBy, isInvalid],
  )
  return (
    <div class={`field ${className}`} data-invalid={isInvalid || undefined}>
      <label class="field-label" for={id}>
        {label}
        {isOptional && <span class="field-optional"> optional</span>}
      </label>
      <WiringContext.Provider value={wiring}>{children}</WiringContext.Provider>
      {hint !== undefined && (
        <p class="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {isInvalid && (
        <p class="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  )
}

/** For a control of your own inside a Field: what goes into `id`, `aria-describedby` and `aria-invalid`. */
export function useField(): FieldWiring {
  return useContext(WiringContext)
}
