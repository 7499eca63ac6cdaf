/** The agent's log: JSON lines on standard output, written by pino. */
import { pino } from 'pino'
import { MillraceError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** @param level the least severe message that is written */
export function agentLog(level: LogLevel, facts: Readonly<Record<string, unknown>>): Log {
  return pino({
    level,
    base: facts,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    // An error's own fields could hold a driver's statement or connection settings: only what is known to be clean goes out.
    serializers: { err: errorFacts },
  })
}

function errorFacts(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const code = error instanceof MillraceError ? { code: error.code, remedy: error.remedy } : {}
  const cause = error.cause === undefined ? {} : { cause: errorFacts(error.cause) }
  return { name: error.name, message: error.message, ...code, ...cause, stack: error.stack }
}
