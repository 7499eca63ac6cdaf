/** What must hold at the target before anything is written: each with its own message and cure. */
import { MissingPrivilegeError, ServerSettingError } from '../../mysql/errors.ts'
import type { SourceServer } from '../pipe/frame.ts'
import type { ServerEndpoint } from '../task-context.ts'
import { SameServerError } from './errors.ts'
import { hasGlobally, type TargetFacts } from './target-facts.ts'

/** One mebibyte: a frame's smallest pieces and a chunk's rows have to fit into a statement. */
const smallestPacketBytes = 1024 * 1024

const needed = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'DROP', 'ALTER', 'INDEX', 'REFERENCES']

/** @throws ServerSettingError or MissingPrivilegeError, each saying what to do */
export function checkTarget(facts: TargetFacts, user: string): void {
  const { where, privileges } = facts
  if (facts.isSuperReadOnly)
    throw new ServerSettingError(
      `the target ${where} has super_read_only = ON; run SET GLOBAL super_read_only = OFF there, or choose another target`,
    )
  if (facts.isReadOnly && !hasGlobally(privileges, 'SUPER', 'CONNECTION_ADMIN', 'READ_ONLY ADMIN', 'READ ONLY ADMIN'))
    throw new ServerSettingError(
      `the target ${where} has read_only = ON and user '${user}' is not exempt from it; run SET GLOBAL read_only = OFF there, or choose another target`,
    )
  if (facts.maxAllowedPacket < smallestPacketBytes)
    throw new ServerSettingError(
      `the target ${where} has max_allowed_packet = ${facts.maxAllowedPacket}; set it to at least ${smallestPacketBytes}, better to the source's value`,
    )
  const missing = needed.filter((name) => !isGrantedSomewhere(facts, name))
  if (missing.length > 0)
    throw new MissingPrivilegeError(
      `user '${user}' lacks ${missing.join(', ')} on the target ${where}; run GRANT ${needed.join(', ')} ON *.* TO '${user}'@...`,
    )
}

function isGrantedSomewhere({ privileges }: TargetFacts, name: string): boolean {
  return (
    privileges.hasRoles ||
    hasGlobally(privileges, name) ||
    privileges.somewhere.has('ALL PRIVILEGES') ||
    privileges.somewhere.has(name)
  )
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

function plainHost(host: string): string {
  const name = host.toLowerCase()
  return name === 'localhost' || name === '::1' ? '127.0.0.1' : name
}
