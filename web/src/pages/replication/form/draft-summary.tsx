/** A job in words. */
import type { ComponentChildren } from 'preact'
import type { ExistingTables, JobDraft } from '../draft/job-draft.ts'
import { textOfTables } from '../draft/rule-text.ts'
import type { Rule } from '../draft/scope.ts'
import type { Role } from '../wire.ts'

const existingWords: Readonly<Record<ExistingTables, string>> = {
  refuse: 'the job stops when one holds rows',
  drop: 'dropped and made anew',
  fill: 'filled; nothing is created',
}

export function DraftSummary({ draft }: { readonly draft: JobDraft }) {
  const { scope } = draft
  return (
    <dl class="rj-facts rj-summary">
      <Fact name="From">{serverWords(draft, 'source')}</Fact>
      <Fact name="To">{serverWords(draft, 'target')}</Fact>
      <Fact name="Replicates">
        {scope.isEverything ? 'everything but the schemas of the server itself' : <Rules rules={scope.include} />}
      </Fact>
      {scope.exclude.length > 0 && (
        <Fact name="Leaves out">
          <Rules rules={scope.exclude} />
        </Fact>
      )}
      <Fact name="Begins">{draft.start === 'copy' ? 'with a full copy' : `behind ${draft.gtid}`}</Fact>
      <Fact name="Then">
        {draft.kind === 'synchronous' ? 'follows every change' : 'catches up once and is complete'}
      </Fact>
      {draft.start === 'copy' && <Fact name="Tables already there">{existingWords[draft.existing]}</Fact>}
      <Fact name="Writes">{draft.forceSql ? 'always by SQL' : 'row images where possible, else SQL'}</Fact>
      <Fact name="Sessions">
        {draft.source.workers} read, {draft.target.workers} write
      </Fact>
    </dl>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  )
}

function serverWords(draft: JobDraft, role: Role): string {
  const { server, nodeId } = draft[role]
  const place = `${server.user} at ${server.host}:${server.port}`
  return nodeId === '' ? place : `${place}, on node ${nodeId}`
}

const shownRules = 30

function Rules({ rules }: { readonly rules: readonly Rule[] }) {
  return (
    <ul class="rj-rule-words">
      {rules.slice(0, shownRules).map((rule, index) => (
        <li key={index}>
          <code>{rule.schema}</code>
          {rule.tables.length > 0 && <>: {textOfTables(rule.tables)}</>}
        </li>
      ))}
      {rules.length > shownRules && <li>and {rules.length - shownRules} more</li>}
    </ul>
  )
}
