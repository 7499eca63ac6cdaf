/** Which strategy a job's changes are applied with, and why, in words for the log. */
import { parseServerVersion } from '../../mysql/server-version.ts'
import type { SourceServer } from '../pipe/frame.ts'
import type { StrategyName } from './apply-strategy.ts'
import { mayReplayBinlog, type TargetFacts } from './target-facts.ts'

export interface StrategyChoice {
  readonly name: StrategyName
  readonly reason: string
}

/** Row images where the target takes them as they are; SQL everywhere else. */
export function chooseStrategy(source: SourceServer, facts: TargetFacts, forceSql: boolean): StrategyChoice {
  const reason = reasonAgainstRowImages(source, facts, forceSql)
  return reason === null ? { name: 'row-images', reason: 'the target takes the row images' } : { name: 'sql', reason }
}

function reasonAgainstRowImages(source: SourceServer, facts: TargetFacts, forceSql: boolean): string | null {
  if (forceSql) return 'the job asks for SQL (ApproveHeterogeneous)'
  if (source.vendor !== facts.version.vendor) return 'source and target are of different vendors'
  const version = parseServerVersion(source.version)
  if (isOlder(facts.version, version)) return `the target is older than the source (${source.version})`
  if (!mayReplayBinlog(facts)) return 'the user may not run BINLOG on the target'
  // Only MySQL 5.7 and later have a mode of the session's own (rbr_exec_mode).
  const hasOwnMode = facts.version.vendor === 'mysql' && !isOlder(facts.version, { major: 5, minor: 7 })
  if (!hasOwnMode && facts.execMode === 'IDEMPOTENT') return 'slave_exec_mode = IDEMPOTENT would hide missing rows'
  return null
}

interface MajorMinor {
  readonly major: number
  readonly minor: number
}

function isOlder(a: MajorMinor, b: MajorMinor): boolean {
  return a.major !== b.major ? a.major < b.major : a.minor < b.minor
}
