/** One field of the job form: label, control, hint, and the agent's error about it. */
import type { ComponentChildren } from 'preact'
import { Field } from '../../ui/field.tsx'
import { Checkbox, type Option, Select, TextArea, TextInput } from '../../ui/inputs.tsx'
import { errorOf, fieldId, fieldLabels } from './form-fields.ts'
import type { FieldName, FieldProblem, JobDraft } from './job-draft.ts'

/** What every part of the form gets. */
export interface FormParts {
  readonly draft: JobDraft
  readonly problems: readonly FieldProblem[]
  /** The name is what a stored job is found by, so it stays. */
  readonly isStored: boolean
  readonly set: (change: Partial<JobDraft>) => void
}

type NameOf<Kind> = { [Name in FieldName]: JobDraft[Name] extends Kind ? Name : never }[FieldName]

interface JobFieldProps<Name> {
  readonly form: FormParts
  readonly name: Name
  readonly hint?: ComponentChildren
  readonly isOptional?: boolean
}

interface TextFieldProps extends JobFieldProps<NameOf<string>> {
  readonly isCode?: boolean
  readonly placeholder?: string
  /** Lines; one is an input, more are an area. */
  readonly lines?: number
  /** Id of a datalist. */
  readonly list?: string
  readonly inputMode?: 'numeric' | 'email'
  readonly isFixed?: boolean
  /** Instead of what the agent says about it. */
  readonly error?: string | undefined
}

export function TextField({
  form,
  name,
  hint,
  isOptional = false,
  lines = 1,
  isFixed = false,
  ...rest
}: TextFieldProps) {
  const { error = errorOf(form.problems, name), list, inputMode, isCode = false, placeholder } = rest
  const control = {
    isCode,
    placeholder,
    value: form.draft[name],
    onInput: (value: string) => form.set({ [name]: value }),
  }
  return (
    <div id={fieldId(name)}>
      <Field label={fieldLabels[name]} hint={hint} isOptional={isOptional} error={error}>
        {lines > 1 ? (
          <TextArea {...control} rows={lines} />
        ) : (
          <TextInput {...control} list={list} inputMode={inputMode} readOnly={isFixed} />
        )}
      </Field>
    </div>
  )
}

interface SelectFieldProps extends JobFieldProps<'concurrency' | 'catchup'> {
  readonly options: readonly Option[]
}

/** A word that this page does not know stays choosable, for the agent to judge. */
export function SelectField({ form, name, hint, options }: SelectFieldProps) {
  const value = form.draft[name]
  const isKnown = options.some((option) => option.value === value)
  return (
    <div id={fieldId(name)}>
      <Field label={fieldLabels[name]} hint={hint} error={errorOf(form.problems, name)}>
        <Select
          value={value}
          options={isKnown ? options : [...options, { value, text: value }]}
          onChange={(chosen) => form.set({ [name]: chosen })}
        />
      </Field>
    </div>
  )
}

interface CheckFieldProps extends JobFieldProps<NameOf<boolean>> {
  readonly label: string
}

export function CheckField({ form, name, label, hint }: CheckFieldProps) {
  const error = errorOf(form.problems, name)
  return (
    <div id={fieldId(name)}>
      <Checkbox
        checked={form.draft[name]}
        onChange={(value) => form.set({ [name]: value })}
        label={label}
        hint={hint}
      />
      {error !== undefined && <p class="field-error">{error}</p>}
    </div>
  )
}
