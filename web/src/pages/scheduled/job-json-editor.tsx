/** The same job as JSON. */
import { Field } from '../../ui/field.tsx'
import { TextArea } from '../../ui/inputs.tsx'
import type { JobDraft } from './job-draft.ts'

export interface JobJsonEditorProps {
  readonly text: string
  /** Why it cannot be read as a job. */
  readonly problem: string | null
  readonly draft: JobDraft
  readonly onInput: (text: string) => void
}

export function JobJsonEditor({ text, problem, draft, onInput }: JobJsonEditorProps) {
  const unknown = Object.keys(draft.others)
  return (
    <div class="stack">
      <Field
        label="Job as JSON"
        hint="As POST /v1/jobs takes it. A field that is left out gets its default."
        error={problem ?? undefined}
      >
        <TextArea isCode class="json-text" rows={26} wrap="off" value={text} onInput={onInput} />
      </Field>
      <p role="status" class="soft">
        {unknown.length > 0 &&
          `The agent does not know ${unknown.map((name) => `"${name}"`).join(', ')} and would ignore it. Is it misspelt?`}
      </p>
    </div>
  )
}
