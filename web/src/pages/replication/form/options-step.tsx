/** How the job works: its name, where it begins, what it does with tables that are there, where its tasks run. */
import { useResource } from '../../../live/resource.ts'
import { Field } from '../../../ui/field.tsx'
import { Select, TextArea, TextInput } from '../../../ui/inputs.tsx'
import type { ExistingTables, JobDraft, Start } from '../draft/job-draft.ts'
import type { JobKind, Role, WireNode } from '../wire.ts'
import { Choices } from './choices.tsx'
import { type StepProps, taskChange } from './form-parts.ts'

export function OptionsStep(props: StepProps) {
  const { draft, change, faults } = props
  const isStored = draft.id !== null
  return (
    <div class="form">
      <Field label="Name" hint="What the job is called; no two jobs have the same." error={faults.name}>
        <TextInput value={draft.name} maxLength={128} onInput={(name) => change({ name })} />
      </Field>
      <Choices<JobKind> label="How long" value={draft.kind} choices={kinds} onChange={(kind) => change({ kind })} />
      <Choices<Start>
        label={isStored ? 'Where it began (a change counts only before the first row is there)' : 'Where it begins'}
        value={draft.start}
        choices={starts}
        onChange={(start) => change({ start })}
      />
      {draft.start === 'position' ? <StartPosition {...props} /> : <Existing draft={draft} change={change} />}
      <Strategy draft={draft} change={change} />
      <Nodes {...props} />
      <Workers {...props} />
      <Advanced {...props} />
    </div>
  )
}

const kinds = [
  {
    value: 'synchronous',
    title: 'Follow every change',
    text: 'After the copy the target stays a copy of the source, until the job is paused or deleted.',
  },
  {
    value: 'migration',
    title: 'Migrate once',
    text: 'Copy, catch up once, and end. For moving to another server.',
  },
] as const

const starts = [
  {
    value: 'copy',
    title: 'With a full copy',
    text: 'The rows that are there, then the changes. Writes go on meanwhile.',
  },
  {
    value: 'position',
    title: 'Behind a position',
    text: 'Changes alone, for a target that was filled from a backup with a known GTID position.',
  },
] as const

const existing = [
  {
    value: 'refuse',
    title: 'Stop when one holds rows',
    text: 'Nothing is overwritten: the job tells which table it is, and waits for you.',
  },
  { value: 'drop', title: 'Drop and make them anew', text: 'What they hold at the target is lost.' },
  {
    value: 'fill',
    title: 'Fill tables that I have made',
    text: 'Nothing is created; each table must be there already and fit.',
  },
] as const

function StartPosition({ draft, change, faults }: StepProps) {
  return (
    <Field
      label="Position"
      hint="A MySQL GTID set (uuid:1-77) that the target already has, or a MariaDB position (0-1-270)."
      error={faults.gtid}
    >
      <TextArea isCode rows={2} value={draft.gtid} onInput={(gtid) => change({ gtid })} />
    </Field>
  )
}

function Existing({ draft, change }: Pick<StepProps, 'draft' | 'change'>) {
  return (
    <Choices<ExistingTables>
      label="Tables that are at the target already"
      value={draft.existing}
      choices={existing}
      onChange={(value) => change({ existing: value })}
    />
  )
}

function Strategy({ draft, change }: Pick<StepProps, 'draft' | 'change'>) {
  return (
    <Field
      label="How rows are written"
      hint="Row images are faster; they need a privilege more at the target and servers that understand each other. Without them the job takes SQL by itself."
    >
      <Select
        value={draft.forceSql ? 'sql' : 'auto'}
        options={[
          { value: 'auto', text: 'Row images where possible, else SQL' },
          { value: 'sql', text: 'Always SQL' },
        ]}
        onChange={(value) => change({ forceSql: value === 'sql' })}
      />
    </Field>
  )
}

function Nodes(props: StepProps) {
  const { data: nodes = [] } = useResource<readonly WireNode[]>('/udup/v1/nodes', [{ kind: 'cluster' }])
  return (
    <div class="form-row">
      <NodeSelect side="source" label="Node of the source task" nodes={nodes} {...props} />
      <NodeSelect side="target" label="Node of the target task" nodes={nodes} {...props} />
    </div>
  )
}

interface NodeSelectProps extends StepProps {
  readonly side: Role
  readonly label: string
  readonly nodes: readonly WireNode[]
}

function NodeSelect({ side: role, label, nodes, draft, change, faults }: NodeSelectProps) {
  const { nodeId } = draft[role]
  const known = nodes.map(({ ID, Name, Status }) => ({
    value: ID,
    text: Status === 'ready' ? Name : `${Name} (${Status})`,
  }))
  const other = nodeId === '' || nodes.some(({ ID }) => ID === nodeId) ? [] : [{ value: nodeId, text: nodeId }]
  return (
    <Field
      label={label}
      hint="Best near its server. Chosen by the cluster, it moves when its node dies."
      error={faults[`${role}.nodeId`]}
    >
      <Select
        value={nodeId}
        options={[{ value: '', text: 'The cluster chooses' }, ...known, ...other]}
        onChange={(chosen) => change(taskChange(draft, role, { nodeId: chosen }))}
      />
    </Field>
  )
}

function Workers({ draft, change, faults }: StepProps) {
  const field = (role: Role, label: string, hint: string) => (
    <Field label={label} hint={hint} error={faults[`${role}.workers`]}>
      <TextInput
        inputMode="numeric"
        value={draft[role].workers}
        onInput={(workers) => change(taskChange(draft, role, { workers }))}
      />
    </Field>
  )
  return (
    <div class="form-row">
      {field('source', 'Sessions that read', 'Chunks of the copy read at the same time, 1 to 64.')}
      {field('target', 'Sessions that write', 'Transactions written at the same time, 1 to 64.')}
    </div>
  )
}

function Advanced({ draft, change, faults }: StepProps) {
  const text = (name: 'bufferedMessages' | 'frameBytes' | 'natsAddress', label: string, hint: string) => (
    <Field label={label} hint={hint} error={faults[name]}>
      <TextInput isCode value={draft[name]} onInput={(value) => change({ [name]: value } as Partial<JobDraft>)} />
    </Field>
  )
  const hasFault = ['bufferedMessages', 'frameBytes', 'natsAddress'].some((name) => faults[name] !== undefined)
  return (
    <details class="rj-rules" open={hasFault || draft.natsAddress !== '' || undefined}>
      <summary class="rj-rules-title">The stream between the tasks</summary>
      <div class="form">
        <div class="form-row">
          {text('bufferedMessages', 'Messages buffered', 'Then the source waits for the target.')}
          {text('frameBytes', 'Bytes of one message', 'Many transactions travel in one; a larger one is split.')}
        </div>
        {text('natsAddress', 'Another NATS, host:port', "Empty: the cluster's own. Without user and password.")}
      </div>
    </details>
  )
}
