/**
 * What a job replicates: ReplicateDoDb and ReplicateIgnoreDb as one decision per name.
 *
 * Easy to get wrong: the tables of online schema change tools (`_orders_gho`, `_orders_new`) count as the table they are
 * for, so that the rename at the end finds its rows at the target. And with lower_case_table_names 1 or 2 the server
 * takes names in any case, so the patterns do too.
 */
import { RE2JS } from 're2js'
import { InvalidError, type Issue, messageOf } from '../core/errors.ts'
import type { NamePattern, SchemaFilter } from '../model/replication-job.ts'
import { systemSchemas } from '../mysql/schema-reader.ts'

/** Our bookkeeping in the target's server; never replicated. */
export const bookkeepingSchema = 'millrace'

export interface FilterRules {
  /** Empty: all user schemas. */
  readonly include: readonly SchemaFilter[]
  readonly exclude: readonly SchemaFilter[]
  /** The source's setting: 0 compares names as they are, others in any case. */
  readonly lowerCaseTableNames: number
}

export interface ObjectFilter {
  /** True when anything of the schema may be in scope. */
  includesSchema(schema: string): boolean
  /** True when every table of the schema, those to come too, is in scope. */
  includesWholeSchema(schema: string): boolean
  includesTable(schema: string, table: string): boolean
  /** The tables that the rules name one by one in this schema, or null when any rule is a pattern or the whole schema. */
  tablesByName(schema: string): readonly string[] | null
}

type Matcher = (name: string) => boolean

interface Rule {
  readonly schema: Matcher
  /** Null: all tables. */
  readonly tables: readonly Matcher[] | null
  /** The tables, when all of them are plain names. */
  readonly names: readonly string[] | null
}

/** @throws InvalidError naming each pattern that can't be used */
export function createFilter(rules: FilterRules): ObjectFilter {
  const isFolded = rules.lowerCaseTableNames !== 0
  const issues: Issue[] = []
  const toRules = (filters: readonly SchemaFilter[], field: string) =>
    filters.map((filter, index) => toRule(filter, `${field}[${index}]`, isFolded, issues))
  const include = toRules(rules.include, 'ReplicateDoDb')
  const exclude = toRules(rules.exclude, 'ReplicateIgnoreDb')
  if (issues.length > 0) throw new InvalidError(issues)
  return new RuleFilter(include, exclude, isFolded)
}

class RuleFilter implements ObjectFilter {
  readonly #include: readonly Rule[]
  readonly #exclude: readonly Rule[]
  readonly #isFolded: boolean

  constructor(include: readonly Rule[], exclude: readonly Rule[], isFolded: boolean) {
    this.#include = include
    this.#exclude = exclude
    this.#isFolded = isFolded
  }

  includesSchema(schema: string): boolean {
    const name = this.#fold(schema)
    if (isReserved(name)) return false
    if (this.#exclude.some((rule) => rule.tables === null && rule.schema(name))) return false
    return this.#include.length === 0 || this.#include.some((rule) => rule.schema(name))
  }

  includesWholeSchema(schema: string): boolean {
    const name = this.#fold(schema)
    if (!this.includesSchema(schema) || this.#exclude.some((rule) => rule.schema(name))) return false
    return this.#include.length === 0 || this.#include.some((rule) => rule.tables === null && rule.schema(name))
  }

  includesTable(schema: string, table: string): boolean {
    const [schemaName, tableName] = [this.#fold(schema), this.#fold(table)]
    if (isReserved(schemaName)) return false
    const original = toolTablePattern.exec(tableName)?.[1] ?? null
    if (original === null) return this.#isIn(schemaName, tableName)
    const isNamed = this.#include.some((rule) => rule.tables !== null && matchesTable(rule, schemaName, tableName))
    return this.#isIn(schemaName, original) || (isNamed && this.#isIn(schemaName, tableName))
  }

  tablesByName(schema: string): readonly string[] | null {
    const name = this.#fold(schema)
    const rules = this.#include.filter((rule) => rule.schema(name))
    if (rules.length === 0) return null
    const names: string[] = []
    for (const rule of rules) {
      if (rule.names === null) return null
      names.push(...rule.names)
    }
    return names.filter((table) => this.includesTable(schema, table))
  }

  #isIn(schema: string, table: string): boolean {
    const isIncluded = this.#include.length === 0 || this.#include.some((rule) => matchesTable(rule, schema, table))
    return isIncluded && !this.#exclude.some((rule) => matchesTable(rule, schema, table))
  }

  #fold(name: string): string {
    return this.#isFolded ? name.toLowerCase() : name
  }
}

/** gh-ost's ghost, changelog and old table; pt-online-schema-change's new and old one. */
const toolTablePattern = /^_+(.+?)(?:_\d{14})?_(?:gho|ghc|del|new|old)$/i

function isReserved(schema: string): boolean {
  const name = schema.toLowerCase()
  return name === bookkeepingSchema || systemSchemas.has(name)
}

function matchesTable(rule: Rule, schema: string, table: string): boolean {
  return rule.schema(schema) && (rule.tables === null || rule.tables.some((matches) => matches(table)))
}

function toRule(filter: SchemaFilter, field: string, isFolded: boolean, issues: Issue[]): Rule {
  const schema = toMatcher(filter.schema, `${field}.TableSchema`, isFolded, issues)
  if (filter.tables.length === 0) return { schema, tables: null, names: null }
  const tables = filter.tables.map((pattern, index) =>
    toMatcher(pattern, `${field}.Tables[${index}].TableName`, isFolded, issues),
  )
  return { schema, tables, names: filter.tables.every(isPlainName) ? filter.tables : null }
}

/** True for a name as it is. */
export function isPlainName(pattern: NamePattern): boolean {
  return !isExpression(pattern) && !/[*?]/.test(pattern)
}

function isExpression(pattern: NamePattern): boolean {
  return pattern.length > 2 && pattern.startsWith('/') && pattern.endsWith('/')
}

function toMatcher(pattern: NamePattern, field: string, isFolded: boolean, issues: Issue[]): Matcher {
  if (pattern === '') issues.push({ field, value: pattern, message: 'must not be empty; leave it out to mean all' })
  if (isPlainName(pattern)) {
    const name = isFolded ? pattern.toLowerCase() : pattern
    return (other) => other === name
  }
  const source = isExpression(pattern) ? pattern.slice(1, -1) : `^${wildcardSource(pattern)}$`
  try {
    const expression = RE2JS.compile(source, (isFolded ? RE2JS.CASE_INSENSITIVE : 0) | RE2JS.DOTALL)
    return (other) => expression.matcher(other).find()
  } catch (error) {
    issues.push({ field, value: pattern, message: `is no regular expression (${messageOf(error)})` })
    return () => false
  }
}

function wildcardSource(pattern: string): string {
  return pattern.replaceAll(/[*?]|[^*?]+/g, (part) => (part === '*' ? '.*' : part === '?' ? '.' : RE2JS.quote(part)))
}
