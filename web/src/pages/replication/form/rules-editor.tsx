/** The rules behind the tree, as they go into the job: names, wildcards, regular expressions. */
import { useState } from 'preact/hooks'
import { Button } from '../../../ui/button.tsx'
import { Field } from '../../../ui/field.tsx'
import { TextInput } from '../../../ui/inputs.tsx'
import { tablesOfText, textOfTables } from '../draft/rule-text.ts'
import type { Rule, Scope } from '../draft/scope.ts'

export interface RulesEditorProps {
  readonly scope: Scope
  readonly onChange: (scope: Scope) => void
  readonly isOpen: boolean
}

export function RulesEditor({ scope, onChange, isOpen }: RulesEditorProps) {
  const count = (scope.isEverything ? 0 : scope.include.length) + scope.exclude.length
  return (
    <details class="rj-rules" open={isOpen || undefined}>
      <summary class="rj-rules-title">Rules and patterns {count > 0 && <span class="soft">({count})</span>}</summary>
      <div class="form">
        <p class="soft">
          What is ticked above, as rules. A name may hold <code>*</code> and <code>?</code>, or be a{' '}
          <code>/regular expression/</code>; tables stand between commas, none means all of the schema.
        </p>
        {!scope.isEverything && (
          <RuleList
            title="Replicate"
            rules={scope.include}
            onChange={(include) => onChange({ ...scope, include })}
            add="Add a rule"
          />
        )}
        <RuleList
          title="Leave out"
          rules={scope.exclude}
          onChange={(exclude) => onChange({ ...scope, exclude })}
          add="Add an exception"
        />
      </div>
    </details>
  )
}

interface RuleListProps {
  readonly title: string
  readonly rules: readonly Rule[]
  readonly onChange: (rules: readonly Rule[]) => void
  readonly add: string
}

function RuleList({ title, rules, onChange, add }: RuleListProps) {
  const [isAdding, setIsAdding] = useState(false)
  return (
    <fieldset class="rj-rule-list">
      <legend class="field-label">{title}</legend>
      {rules.length === 0 && !isAdding && <p class="soft">Nothing.</p>}
      {rules.map((rule, index) => (
        <RuleRow
          key={index}
          rule={rule}
          onChange={(changed) => onChange(rules.map((other, at) => (at === index ? changed : other)))}
          onRemove={() => onChange(rules.filter((_, at) => at !== index))}
        />
      ))}
      {isAdding ? (
        <NewRule
          onAdd={(rule) => {
            onChange([...rules, rule])
            setIsAdding(false)
          }}
          onCancel={() => setIsAdding(false)}
        />
      ) : (
        <Button size="small" icon="plus" onClick={() => setIsAdding(true)}>
          {add}
        </Button>
      )}
    </fieldset>
  )
}

interface RuleRowProps {
  readonly rule: Rule
  readonly onChange: (rule: Rule) => void
  readonly onRemove: () => void
}

function RuleRow({ rule, onChange, onRemove }: RuleRowProps) {
  // While it is typed the text may end in a comma, which the rule itself does not have.
  const [typed, setTyped] = useState<string | null>(null)
  return (
    <div class="rj-rule">
      <TextInput
        isCode
        aria-label="Schema of the rule"
        value={rule.schema}
        aria-invalid={rule.schema.trim() === '' || undefined}
        onInput={(schema) => onChange({ ...rule, schema })}
      />
      <TextInput
        isCode
        aria-label={`Tables of ${rule.schema}`}
        placeholder="all tables"
        value={typed ?? textOfTables(rule.tables)}
        onInput={(text) => {
          setTyped(text)
          onChange({ ...rule, tables: tablesOfText(text) })
        }}
        onBlur={() => setTyped(null)}
      />
      <Button kind="quiet" icon="trash" label={`Remove the rule for ${rule.schema}`} onClick={onRemove} />
    </div>
  )
}

function NewRule({ onAdd, onCancel }: { readonly onAdd: (rule: Rule) => void; readonly onCancel: () => void }) {
  const [schema, setSchema] = useState('')
  const [tables, setTables] = useState('')
  return (
    <div class="rj-rule-new">
      <Field label="Schema">
        <TextInput isCode value={schema} placeholder="shop_*" onInput={setSchema} />
      </Field>
      <Field label="Tables" isOptional>
        <TextInput isCode value={tables} placeholder="all tables" onInput={setTables} />
      </Field>
      <Button
        disabled={schema.trim() === ''}
        onClick={() => onAdd({ schema: schema.trim(), tables: tablesOfText(tables) })}
      >
        Add
      </Button>
      <Button kind="quiet" onClick={onCancel}>
        Cancel
      </Button>
    </div>
  )
}
