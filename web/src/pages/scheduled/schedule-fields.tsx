/** When a job runs, with what that means beside it while one types. */

import { Field } from '../../ui/field.tsx'
import { Select } from '../../ui/inputs.tsx'
import { sentence } from './form-fields.ts'
import { CheckField, type FormParts, TextField } from './job-field.tsx'
import { ScheduleHelper } from './schedule-helper.tsx'
import { usePreview } from './use-preview.ts'

const shownTimes = 10

const examples = [
  { value: '', text: 'Begin with an example…' },
  { value: '0 */5 * * * *', text: 'Every five minutes' },
  { value: '0 0 * * * *', text: 'Every hour' },
  { value: '0 30 2 * * *', text: 'Every day at 02:30' },
  { value: '0 0 9 * * MON-FRI', text: 'On weekdays at 09:00' },
  { value: '0 0 6 * * MON', text: 'Every Monday at 06:00' },
  { value: '0 0 4 1 * *', text: 'On the first of each month at 04:00' },
  { value: '@every 90s', text: 'Every 90 seconds from its creation on' },
  { value: '@manually', text: 'Only by hand' },
]

const zonesId = 'time-zones'

export function ScheduleFields({ form }: { readonly form: FormParts }) {
  const { schedule, timezone, name } = form.draft
  const job = form.isStored ? name : undefined
  const answer = usePreview({ schedule, timeZone: timezone, count: shownTimes, job })
  const issues = answer.isOld ? [] : (answer.error?.issues ?? [])
  const messageOf = (field: string) => {
    const message = issues.find((issue) => issue.field === field)?.message
    return message === undefined ? undefined : sentence(message)
  }
  return (
    <div class="schedule-columns">
      <div class="form">
        <TextField
          form={form}
          name="schedule"
          isCode
          placeholder="0 30 2 * * *"
          {...errorProp(messageOf('schedule'))}
          hint={
            <>
              Second, minute, hour, day, month, weekday; a classic crontab line; or <code>@every 5m</code>,{' '}
              <code>@daily</code>, <code>@at 2030-01-02T03:04:05Z</code>, <code>@manually</code>.
            </>
          }
        />
        <Field label="Examples">
          <Select
            value=""
            options={examples}
            onChange={(example) => {
              if (example !== '') form.set({ schedule: example })
            }}
          />
        </Field>
        <TextField
          form={form}
          name="timezone"
          isOptional
          list={zonesId}
          placeholder="the agent's own"
          {...errorProp(messageOf('time_zone'))}
          hint="A name such as Europe/Berlin or UTC."
        />
        <datalist id={zonesId}>
          {zoneNames().map((zone) => (
            <option key={zone} value={zone} />
          ))}
        </datalist>
        <CheckField
          form={form}
          name="disabled"
          label="Disabled"
          hint="The schedule does not start it; running it by hand still works."
        />
      </div>
      <ScheduleHelper answer={answer} isEmpty={schedule.trim() === ''} room={shownTimes} />
    </div>
  )
}

/** What is typed now counts more than what the agent said at the last save; no word now, and that stands. */
function errorProp(error: string | undefined) {
  return error === undefined ? {} : { error }
}

let zones: readonly string[] | null = null

function zoneNames(): readonly string[] {
  zones ??= ['UTC', ...Intl.supportedValuesOf('timeZone')]
  return zones
}
