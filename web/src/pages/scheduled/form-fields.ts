/** Where a form's fields stand and how they are called, so that an error can be shown at its field and led to. */
import type { FieldIssue } from '../../api/api-error.ts'
import { emptyDraft, type FieldName, type FieldProblem } from './job-draft.ts'

/** In the order of the form. */
export const fieldLabels: Readonly<Record<FieldName, string>> = {
  name: 'Name',
  displayname: 'Display name',
  command: 'Command',
  shell: 'Through a shell',
  run_as_user: 'Run as user',
  schedule: 'Schedule',
  timezone: 'Time zone',
  disabled: 'Disabled',
  tags: 'Tags',
  timeout: 'Time limit',
  retries: 'Retries',
  retry_delay: 'Wait before a retry',
  concurrency: 'When an earlier run still goes on',
  catchup: 'Fires that could not happen',
  late_limit: 'Late limit',
  owner: 'Owner',
  owner_email: "Owner's mail address",
  metadata: 'Metadata',
}

/** The id of the element around a field. */
export function fieldId(field: string): string {
  return `field-${rootOf(field)}`
}

/** `tags` of `tags.role`. */
export function rootOf(field: string): string {
  return field.split('.', 1)[0] ?? field
}

export function labelOf(field: string): string {
  const root = rootOf(field)
  const label = isField(root) ? fieldLabels[root] : root
  const rest = field.slice(root.length + 1)
  return rest === '' ? label : `${label}, ${rest}`
}

/** The message of one field; undefined when nothing is wrong with it. */
export function errorOf(problems: readonly FieldProblem[], field: string): string | undefined {
  const messages = problems.filter((problem) => problem.field === field).map(({ message }) => message)
  return messages.length === 0 ? undefined : sentence(messages.join('; '))
}

/** What the agent found, in the order of the form. */
export function problemsOf(issues: readonly FieldIssue[]): readonly FieldProblem[] {
  const order = Object.keys(fieldLabels)
  const placeOf = ({ field }: FieldProblem) => order.indexOf(rootOf(field))
  return issues.map(({ field, message }) => ({ field, message })).sort((a, b) => placeOf(a) - placeOf(b))
}

function isField(name: string): name is FieldName {
  return name !== 'others' && Object.hasOwn(emptyDraft, name)
}

/** Messages of the agent begin in lower case and have no full stop. */
export function sentence(message: string): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}`
}
