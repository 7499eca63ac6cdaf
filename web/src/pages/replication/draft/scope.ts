/**
 * What a job replicates, as the page lets one pick it: ReplicateDoDb and ReplicateIgnoreDb behind a tree of check boxes.
 *
 * Easy to get wrong: an empty ReplicateDoDb means everything, so "nothing picked yet" needs a mark of its own. And a name
 * that holds `*`, `?` or outer slashes would be read as a pattern: it is written as a regular expression that fits it
 * alone.
 */

export interface Rule {
  readonly schema: string
  /** Empty: the whole schema, with the tables to come. */
  readonly tables: readonly string[]
}

export interface Scope {
  /** All schemas but those of the server itself; `include` counts for nothing then. */
  readonly isEverything: boolean
  readonly include: readonly Rule[]
  readonly exclude: readonly Rule[]
}

export const everything: Scope = { isEverything: true, include: [], exclude: [] }
export const nothing: Scope = { isEverything: false, include: [], exclude: [] }

/** How a rule names exactly this schema or table. */
export function exactPattern(name: string): string {
  if (isPlain(name)) return name
  return `/^${name.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, (sign) => `\\${sign}`)}$/`
}

/** True for a name as it is, not a pattern. */
export function isPlain(pattern: string): boolean {
  return !isExpression(pattern) && !/[*?]/.test(pattern)
}

export function isExpression(pattern: string): boolean {
  return pattern.length > 2 && pattern.startsWith('/') && pattern.endsWith('/')
}

/** True when the pattern names this; a regular expression that cannot be read names nothing. */
export function matches(pattern: string, name: string): boolean {
  if (isPlain(pattern)) return pattern === name
  try {
    return expressionOf(pattern).test(name)
  } catch {
    return false
  }
}

const expressions = new Map<string, RegExp>()
const mostExpressions = 500

function expressionOf(pattern: string): RegExp {
  const known = expressions.get(pattern)
  if (known !== undefined) return known
  const source = isExpression(pattern)
    ? pattern.slice(1, -1)
    : `^${pattern
        .replaceAll(/[\\^$.+()[\]{}|/]/g, (sign) => `\\${sign}`)
        .replaceAll('*', '.*')
        .replaceAll('?', '.')}$`
  const expression = new RegExp(source, 's')
  if (expressions.size >= mostExpressions) expressions.clear()
  expressions.set(pattern, expression)
  return expression
}

export function includesTable(scope: Scope, schema: string, table: string): boolean {
  const isIn = (rule: Rule) => matchesTable(rule, schema, table)
  return (scope.isEverything || scope.include.some(isIn)) && !scope.exclude.some(isIn)
}

/** True when tables that are made in this schema later are replicated too. */
export function includesTablesToCome(scope: Scope, schema: string): boolean {
  const isWhole = (rule: Rule) => rule.tables.length === 0 && matches(rule.schema, schema)
  return (scope.isEverything || scope.include.some(isWhole)) && !scope.exclude.some(isWhole)
}

/** The rule of `exclude` that keeps a table out and that a check box cannot take away: one with patterns. */
export function excludingPattern(scope: Scope, schema: string, table: string): Rule | null {
  const isPattern = (rule: Rule) => {
    if (rule.schema !== exactPattern(schema)) return true
    return rule.tables.length > 0 && !rule.tables.includes(exactPattern(table))
  }
  return scope.exclude.find((rule) => matchesTable(rule, schema, table) && isPattern(rule)) ?? null
}

function matchesTable(rule: Rule, schema: string, table: string): boolean {
  if (!matches(rule.schema, schema)) return false
  return rule.tables.length === 0 || rule.tables.some((pattern) => matches(pattern, table))
}

/** The whole schema, or nothing of it. */
export function withSchema(scope: Scope, schema: string, isWanted: boolean): Scope {
  const pattern = exactPattern(schema)
  const others = (rules: readonly Rule[]) => rules.filter((rule) => rule.schema !== pattern)
  const cleared: Scope = { ...scope, include: others(scope.include), exclude: others(scope.exclude) }
  const rule: Rule = { schema: pattern, tables: [] }
  if (includesTablesToCome(cleared, schema) === isWanted && isWanted) return cleared
  if (isWanted) return { ...cleared, include: [...cleared.include, rule] }
  const isStillNamed = cleared.isEverything || cleared.include.some((other) => matches(other.schema, schema))
  return isStillNamed ? { ...cleared, exclude: [...cleared.exclude, rule] } : cleared
}

/**
 * One table in or out.
 *
 * A table taken out of a whole schema becomes an exception, so that the schema's tables to come still follow.
 *
 * @param siblings all tables of the schema: what stays out when one of a schema left out is wanted after all
 */
export function withTable(
  scope: Scope,
  schema: string,
  table: string,
  isWanted: boolean,
  siblings: readonly string[],
): Scope {
  if (includesTable(scope, schema, table) === isWanted) return scope
  const [schemaPattern, tablePattern] = [exactPattern(schema), exactPattern(table)]
  if (!isWanted) {
    const include = withoutTable(scope.include, schemaPattern, tablePattern)
    const left: Scope = { ...scope, include }
    if (!includesTable(left, schema, table)) return left
    return { ...left, exclude: addTable(scope.exclude, schemaPattern, tablePattern) }
  }
  const isLeftOutWhole = scope.exclude.some((rule) => rule.schema === schemaPattern && rule.tables.length === 0)
  const rest = siblings.filter((other) => other !== table).map(exactPattern)
  const without = scope.exclude.filter((rule) => !(rule.schema === schemaPattern && rule.tables.length === 0))
  const exclude = isLeftOutWhole && rest.length > 0 ? [...without, { schema: schemaPattern, tables: rest }] : without
  const open: Scope = { ...scope, exclude: withoutTable(exclude, schemaPattern, tablePattern) }
  if (includesTable(open, schema, table) || open.isEverything) return open
  return { ...open, include: addTable(open.include, schemaPattern, tablePattern) }
}

function addTable(rules: readonly Rule[], schema: string, table: string): readonly Rule[] {
  const index = rules.findIndex((rule) => rule.schema === schema && rule.tables.length > 0)
  if (index === -1) return [...rules, { schema, tables: [table] }]
  return rules.map((rule, at) => (at === index ? { schema, tables: [...rule.tables, table] } : rule))
}

/** A rule that names no table any more goes: empty, it would mean all of them. */
function withoutTable(rules: readonly Rule[], schema: string, table: string): readonly Rule[] {
  return rules.flatMap((rule) => {
    if (rule.schema !== schema || rule.tables.length === 0) return [rule]
    const tables = rule.tables.filter((other) => other !== table)
    return tables.length === 0 ? [] : [{ ...rule, tables }]
  })
}
