/** How a statement of the log is to be read: by its server's version and the SQL mode of its session. */
import type { QueryEvent } from '../../binlog/query-event.ts'
import type { ServerVersion } from '../../mysql/server-version.ts'
import type { SqlDialect } from './sql-tokens.ts'

const ansiQuotes = 4n
const noBackslashEscapes = 0x10_0000n

export function dialectOf({ session }: QueryEvent, { vendor, major, minor, patch }: ServerVersion): SqlDialect {
  const mode = session.sqlMode ?? 0n
  return {
    vendor,
    versionNumber: major * 10_000 + minor * 100 + patch,
    hasAnsiQuotes: (mode & ansiQuotes) !== 0n,
    hasBackslashEscapes: (mode & noBackslashEscapes) === 0n,
  }
}
