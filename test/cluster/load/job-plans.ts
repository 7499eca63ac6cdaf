/**
 * The scheduled jobs of a run: 200 of many kinds, and what each should do, in plain arithmetic.
 *
 * Easy to get wrong: nothing here asks Millrace's own grammar when a job is due. A checker that computed the due seconds
 * with the code it checks would agree with every mistake.
 */

/** How many nodes run a fire. */
export type Placement =
  | { readonly kind: 'some'; readonly most: number }
  | { readonly kind: 'every' }
  | { readonly kind: 'role'; readonly role: string }
  | { readonly kind: 'nobody' }

/** When a job is due. */
export type Due =
  | { readonly kind: 'seconds'; readonly period: number; readonly offset: number }
  | { readonly kind: 'interval'; readonly seconds: number }
  | { readonly kind: 'never' }

export interface JobPlan {
  readonly name: string
  /** As the API takes it. */
  readonly body: Readonly<Record<string, unknown>>
  readonly placement: Placement
  readonly due: Due
  /** How often a fire is tried at most. */
  readonly tries: number
  /** A run while another one runs is skipped. */
  readonly forbidsOverlap: boolean
  /** Only what is later than this may be recorded as missed. */
  readonly lateLimitMs: number
}

/** A node's tags: all are of one pool, and of one of two roles. */
export function tagsOf(index: number): Readonly<Record<'pool' | 'role', string>> {
  return { pool: 'all', role: roleOf(index) }
}

export function roleOf(index: number): string {
  return index % 3 === 2 ? 'db' : 'web'
}

/** Where the commands write. */
export interface NotePaths {
  readonly starts: string
  readonly ends: string
}

interface Kind {
  readonly name: string
  readonly count: number
  readonly due: (index: number) => Due
  readonly placement: Placement
  readonly more?: (index: number) => Readonly<Record<string, unknown>>
  readonly command?: (paths: NotePaths) => string
  readonly tries?: number
  readonly lateLimitMs?: number
}

const one: Placement = { kind: 'some', most: 1 }
const every = (period: number) => (index: number) => ({ kind: 'seconds', period, offset: index % period }) as const

const kinds: readonly Kind[] = [
  { name: 'second', count: 12, due: every(1), placement: one },
  { name: 'two', count: 24, due: every(2), placement: one },
  { name: 'five', count: 50, due: every(5), placement: one },
  { name: 'ten', count: 50, due: every(10), placement: one },
  { name: 'last', count: 5, due: every(5), placement: one, more: () => ({ catchup: 'last' }), lateLimitMs: 0 },
  { name: 'none', count: 5, due: every(5), placement: one, more: () => ({ catchup: 'none' }), lateLimitMs: 2_000 },
  { name: 'pair', count: 14, due: every(10), placement: { kind: 'some', most: 2 } },
  { name: 'all', count: 8, due: every(15), placement: { kind: 'every' } },
  { name: 'web', count: 8, due: every(10), placement: { kind: 'role', role: 'web' } },
  {
    name: 'forbid',
    count: 4,
    due: every(3),
    placement: one,
    more: () => ({ concurrency: 'forbid' }),
    command: (paths) => `${note(paths.starts)}; sleep 4; ${note(paths.ends)}`,
  },
  {
    name: 'slow',
    count: 4,
    due: every(5),
    placement: one,
    command: (paths) => `${note(paths.starts)}; sleep 3; ${note(paths.ends)}`,
  },
  {
    name: 'retry',
    count: 4,
    due: every(10),
    placement: one,
    more: () => ({ retries: 2, retry_delay: '1s' }),
    // The first attempt of a fire fails; its id is GROUP-ATTEMPT-NODE.
    command: (paths) => `${note(paths.starts)}; case $MILLRACE_EXECUTION in *-1-*) exit 3;; esac`,
    tries: 3,
  },
  { name: 'nobody', count: 4, due: every(20), placement: { kind: 'nobody' } },
  { name: 'interval', count: 4, due: () => ({ kind: 'interval', seconds: 7 }), placement: one },
  { name: 'manual', count: 4, due: () => ({ kind: 'never' }), placement: one },
  {
    name: 'manual-alone',
    count: 2,
    due: () => ({ kind: 'never' }),
    placement: one,
    more: () => ({ concurrency: 'forbid' }),
    command: (paths) => `${note(paths.starts)}; sleep 2; ${note(paths.ends)}`,
  },
]

/** All of them. @param paths files that every machine can write */
export function jobPlans(paths: NotePaths): readonly JobPlan[] {
  return kinds.flatMap((kind) => Array.from({ length: kind.count }, (_none, index) => planOf(kind, index, paths)))
}

/** Jobs of every second, each on one node: they show who fires, and that no second is left out. */
export function secondPlans(paths: NotePaths, count: number): readonly JobPlan[] {
  const kind: Kind = { name: 'second', count, due: every(1), placement: one }
  return Array.from({ length: count }, (_none, index) => planOf(kind, index, paths))
}

/** Jobs of every minute, spread over its seconds, each on one node. */
export function minutePlans(paths: NotePaths, count: number): readonly JobPlan[] {
  const kind: Kind = { name: 'minute', count, due: every(60), placement: one }
  return Array.from({ length: count }, (_none, index) => planOf(kind, index, paths))
}

function planOf(kind: Kind, index: number, paths: NotePaths): JobPlan {
  const name = `${kind.name}-${index}`
  const due = kind.due(index)
  const more = kind.more?.(index) ?? {}
  const command = kind.command?.(paths) ?? note(paths.starts)
  return {
    name,
    body: { name, schedule: scheduleText(due), command, shell: true, tags: tagRules(kind.placement), ...more },
    placement: kind.placement,
    due,
    tries: kind.tries ?? 1,
    forbidsOverlap: more.concurrency === 'forbid',
    lateLimitMs: kind.lateLimitMs ?? 60_000,
  }
}

/**
 * One line by one write of the shell's own `echo`, so lines of many commands do not mix. The time is the machine's uptime,
 * read without another process.
 */
function note(path: string): string {
  return `read t _ </proc/uptime; echo "$MILLRACE_JOB $MILLRACE_FIRE $MILLRACE_EXECUTION $MR_NODE $t" >>${path}`
}

function scheduleText(due: Due): string {
  if (due.kind === 'never') return '@manually'
  if (due.kind === 'interval') return `@every ${due.seconds}s`
  return due.period === 60 ? `${due.offset} * * * * *` : `${due.offset}/${due.period} * * * * *`
}

function tagRules(placement: Placement): Readonly<Record<string, string>> {
  switch (placement.kind) {
    case 'some':
      return { pool: `all:${placement.most}` }
    case 'every':
      return {}
    case 'role':
      return { role: placement.role }
    case 'nobody':
      return { role: 'mail' }
  }
}
