/** The connection to one server, and its test. */
import { Button } from '../../../ui/button.tsx'
import { Field } from '../../../ui/field.tsx'
import { Select, TextInput } from '../../../ui/inputs.tsx'
import type { PasswordKind, ServerDraft } from '../draft/job-draft.ts'
import { faultsOf } from '../draft/steps.ts'
import type { Role } from '../wire.ts'
import { CheckResult } from './check-result.tsx'
import { type StepProps, taskChange } from './form-parts.ts'
import { isCurrent } from './use-check.ts'

const leads: Readonly<Record<Role, string>> = {
  source: 'The server that is read. Nothing is written there.',
  target: 'The server that is written. The job keeps where it stands there, in a schema named millrace.',
}

export function ServerStep({ side: role, ...props }: StepProps & { readonly side: Role }) {
  const { draft, checks } = props
  const check = checks[role]
  const isTested = check.key !== null
  const isOutdated = isTested && !isCurrent(check, role, draft)
  return (
    <div class="form">
      <p class="soft">{leads[role]}</p>
      <ServerFields side={role} {...props} />
      <CheckResult
        check={check}
        isOutdated={isOutdated}
        actions={
          <Button
            icon={isTested ? undefined : 'play'}
            isBusy={check.isBusy}
            disabled={Object.keys(faultsOf(role, draft)).length > 0}
            onClick={() => void check.run(draft)}
          >
            {isTested ? 'Test again' : 'Test the connection'}
          </Button>
        }
      />
    </div>
  )
}

function ServerFields({ side: role, draft, change, faults }: StepProps & { readonly side: Role }) {
  const { server } = draft[role]
  const set = (part: Partial<ServerDraft>) => change(taskChange(draft, role, { server: { ...server, ...part } }))
  const fault = (name: string) => faults[`${role}.server.${name}`]
  return (
    <>
      <div class="rj-address">
        <Field label="Host" hint="As the node that runs the task reaches it." error={fault('host')}>
          <TextInput isCode value={server.host} placeholder="db.example" onInput={(host) => set({ host })} />
        </Field>
        <Field label="Port" error={fault('port')}>
          <TextInput isCode inputMode="numeric" value={server.port} onInput={(port) => set({ port })} />
        </Field>
      </div>
      <div class="form-row">
        <Field label="Account" error={fault('user')}>
          <TextInput isCode value={server.user} onInput={(user) => set({ user })} />
        </Field>
        <PasswordFields server={server} canKeep={draft.id !== null} set={set} fault={fault('password')} />
      </div>
    </>
  )
}

interface PasswordFieldsProps {
  readonly server: ServerDraft
  readonly canKeep: boolean
  readonly set: (part: Partial<ServerDraft>) => void
  readonly fault: string | undefined
}

const kinds: readonly { readonly value: PasswordKind; readonly text: string }[] = [
  { value: 'kept', text: 'keep the stored one' },
  { value: 'typed', text: 'type it here' },
  { value: 'environment', text: 'from a variable of the agent' },
  { value: 'file', text: 'from a file on the node' },
]

function PasswordFields({ server: { passwordKind, password }, canKeep, set, fault }: PasswordFieldsProps) {
  return (
    <>
      <Field label="Password comes" error={passwordKind === 'kept' ? fault : undefined}>
        <Select
          value={passwordKind}
          options={kinds.filter(({ value }) => canKeep || value !== 'kept')}
          onChange={(kind) => set({ passwordKind: kind as PasswordKind, password: '' })}
        />
      </Field>
      {passwordKind === 'typed' && (
        <Field label="Password" hint="Stored sealed, and never shown again." error={fault}>
          <TextInput
            type="password"
            autocomplete="new-password"
            value={password}
            onInput={(text) => set({ password: text })}
          />
        </Field>
      )}
      {passwordKind === 'environment' && (
        <Field label="Variable" hint="Read on each node that may run the task." error={fault}>
          <TextInput isCode value={password} placeholder="DB_PASSWORD" onInput={(text) => set({ password: text })} />
        </Field>
      )}
      {passwordKind === 'file' && (
        <Field label="File" hint="Read on each node that may run the task." error={fault}>
          <TextInput
            isCode
            value={password}
            placeholder="/run/secrets/db-password"
            onInput={(text) => set({ password: text })}
          />
        </Field>
      )}
    </>
  )
}
