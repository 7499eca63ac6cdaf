/** All fields of a job, in the order in which one thinks of them: what, when, where, what if, who. */
import { Card } from '../../ui/card.tsx'
import { EntryRows } from './entry-rows.tsx'
import { fieldId } from './form-fields.ts'
import { slugOf } from './job-draft.ts'
import { CheckField, type FormParts, SelectField, TextField } from './job-field.tsx'
import { ScheduleFields } from './schedule-fields.tsx'
import { useTagNames } from './tag-names.ts'

export function JobForm({ form }: { readonly form: FormParts }) {
  return (
    <div class="stack">
      <Card title="What runs">
        <CommandFields form={form} />
      </Card>
      <Card title="When">
        <ScheduleFields form={form} />
      </Card>
      <Card title="Where">
        <PlaceFields form={form} />
      </Card>
      <Card title="What if">
        <LimitFields form={form} />
      </Card>
      <Card title="For people">
        <PeopleFields form={form} />
      </Card>
    </div>
  )
}

function CommandFields({ form }: { readonly form: FormParts }) {
  const { name } = form.draft
  const slug = slugOf(name)
  const nameHint = form.isStored
    ? 'The name stays; what people see can be changed beside it.'
    : slug !== '' && slug !== name
      ? `Is stored as ${slug}.`
      : 'Letters, digits, - and _; everything else is left out.'
  return (
    <div class="form">
      <div class="form-row">
        <TextField
          form={form}
          name="name"
          isCode
          placeholder="nightly-cleanup"
          hint={nameHint}
          isFixed={form.isStored}
        />
        <TextField form={form} name="displayname" isOptional hint="Shown instead of the name." />
      </div>
      <TextField form={form} name="command" isCode lines={3} placeholder="/usr/local/bin/cleanup --all" />
      <div class="form-row">
        <CheckField
          form={form}
          name="shell"
          label="Run it through /bin/sh"
          hint="For pipes, variables and several commands. Without it the command is split into words and started directly."
        />
        <TextField
          form={form}
          name="run_as_user"
          isOptional
          isCode
          placeholder="the agent's own account"
          hint="The agent must run as root for this."
        />
      </div>
    </div>
  )
}

function PlaceFields({ form }: { readonly form: FormParts }) {
  const names = useTagNames()
  return (
    <div id={fieldId('tags')}>
      <EntryRows
        field="tags"
        label="Tags"
        noun="tag"
        namesId="tag-names"
        hint={
          'Without tags the job runs on every node. With them it runs on every node that has all of them: a value ' +
          'or a regular expression for all of it. web:2 takes the two least busy nodes with web.'
        }
        entries={form.draft.tags}
        problems={form.problems}
        onChange={(tags) => form.set({ tags })}
      />
      <datalist id="tag-names">
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </div>
  )
}

function LimitFields({ form }: { readonly form: FormParts }) {
  return (
    <div class="form">
      <div class="form-row">
        <TextField
          form={form}
          name="timeout"
          isOptional
          isCode
          placeholder="none"
          hint="A run that takes longer is ended, with all its processes: 90s, 1h30m."
        />
        <TextField
          form={form}
          name="retries"
          inputMode="numeric"
          hint="How often a failed run is tried again, 0 to 100."
        />
        <TextField
          form={form}
          name="retry_delay"
          isCode
          hint="Before the first retry; doubles from one to the next, up to an hour."
        />
      </div>
      <div class="form-row">
        <SelectField
          form={form}
          name="concurrency"
          options={[
            { value: 'allow', text: 'Start beside it' },
            { value: 'forbid', text: 'Skip this one' },
          ]}
          hint="A skipped run is in the history."
        />
        <SelectField
          form={form}
          name="catchup"
          options={[
            { value: 'all', text: 'Make up for all' },
            { value: 'last', text: 'Make up for the last' },
            { value: 'none', text: 'Leave them out' },
          ]}
          hint="When no node could start it at its time."
        />
        <TextField
          form={form}
          name="late_limit"
          isCode
          hint="Later than this it is not started any more, and recorded as missed."
        />
      </div>
    </div>
  )
}

function PeopleFields({ form }: { readonly form: FormParts }) {
  return (
    <div class="form">
      <div class="form-row">
        <TextField form={form} name="owner" isOptional />
        <TextField form={form} name="owner_email" isOptional inputMode="email" />
      </div>
      <div id={fieldId('metadata')}>
        <EntryRows
          field="metadata"
          label="Metadata"
          noun="entry"
          hint="Notes of your own; nothing depends on them."
          entries={form.draft.metadata}
          problems={form.problems}
          onChange={(metadata) => form.set({ metadata })}
        />
      </div>
    </div>
  )
}
