/** What to do about a problem that a task told, and whether the rows or tables of the target are at fault. */
import type { TaskProblem } from '../task-context.ts'

/** Something at the target is not what the source expects there. */
const conflictCodes = new Set([
  'REPL_APPLY_FAILED',
  'REPL_ROW_MISSING',
  'REPL_TABLE_DIFFERS',
  'REPL_TARGET_NOT_EMPTY',
  'REPL_TARGET_TRIGGER',
  'REPL_VALUE_CHANGED',
])

/** Where the message itself has none; the words of docs/errors.md. */
const cures: Readonly<Record<string, string>> = {
  BINLOG_ACCESS: 'correct the user or password, or grant REPLICATION SLAVE and REPLICATION CLIENT on *.*',
  BINLOG_DIVERGED: 'check that it is the right server and was not reset; else copy again',
  BINLOG_DUMP: 'do as the reason says, for example switch the binary log on',
  BINLOG_INCIDENT: 'copy again',
  BINLOG_PURGED: 'copy again, and keep logs longer (binlog_expire_logs_seconds)',
  BINLOG_UNKNOWN_EVENT: 'update Millrace, or switch off on the source what writes the event',
  REPL_APPLY_FAILED: 'make the row or table at the target as it is at the source; it is tried again',
  REPL_DDL_FAILED: 'remove what stands in its way; it is tried again',
  REPL_ROW_MISSING: 'put the row back as it is at the source, or copy the table again',
  REPL_VALUE_CHANGED: "make the target's column hold what the source's does; it is tried again",
}

const passing = 'nothing, it is tried again by itself'
const position = /; the target stands at source position .*$/s
/** Our messages say what is wrong, and after the last semicolon what to do. */
const advice = /;\s+([^;]+)$/s

/** @returns what a person does, in words or as a statement; null when nobody knows */
export function cureOf(problem: TaskProblem): string | null {
  if (problem.cure !== undefined) return problem.cure
  const [, told] = advice.exec(problem.message.replace(position, '')) ?? []
  return told ?? cures[problem.code] ?? (problem.remedy === 'retry' ? passing : null)
}

export function isConflict({ code }: Pick<TaskProblem, 'code'>): boolean {
  return conflictCodes.has(code)
}
