/** What must hold at the target before anything is written: each with its own message and cure. */
import { isMarked } from '../../mysql/one-server.ts'
import type { Session } from '../../mysql/session.ts'
import { SameServerError } from '../errors.ts'
import type { SourceServer } from '../pipe/frame.ts'
import { stopAtFirst } from '../preflight/finding.ts'
import { type TargetUse, targetErrors } from '../preflight/target-findings.ts'
import type { ServerEndpoint } from '../task-context.ts'
import type { TargetFacts } from './target-facts.ts'

/** @throws ServerSettingError or MissingPrivilegeError, each saying what to do */
export function checkTarget(facts: TargetFacts, use: TargetUse): void {
  stopAtFirst(targetErrors(facts, use))
}

/** @throws SameServerError when both tasks of the job were given one address */
export function checkAddresses(source: Pick<ServerEndpoint, 'host' | 'port'>, target: ServerEndpoint): void {
  if (source.port === target.port && plainHost(source.host) === plainHost(target.host))
    throw new SameServerError(
      `source and target are both ${target.host}:${target.port}; every change would come back to its own table: give the job another target`,
    )
}

/** @throws SameServerError when the server that wrote the frames is the target itself under another address */
export function checkSource(source: SourceServer, facts: TargetFacts): void {
  if (source.serverUuid === '' || source.serverUuid.toLowerCase() !== facts.serverUuid.toLowerCase()) return
  throw new SameServerError(
    `source and target ${facts.where} are one server (server_uuid ${facts.serverUuid}); every change would come back to its own table: give the job another target`,
  )
}

/** @throws SameServerError when the source's mark is on the target, so that both are one server under two names */
export async function checkMark(session: Session, sourceMark: string): Promise<void> {
  if (!(await isMarked(session, sourceMark))) return
  throw new SameServerError(
    `the target ${session.where} is the source itself under another name; every change would come back to its own table: give the job another target`,
  )
}

function plainHost(host: string): string {
  const name = host.toLowerCase()
  return name === 'localhost' || name === '::1' ? '127.0.0.1' : name
}
