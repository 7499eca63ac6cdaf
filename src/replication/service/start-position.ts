/** The `gtid` of a source task: where to begin without a copy, in MySQL's or MariaDB's form. */

import { GtidSet } from '../../binlog/gtid-set.ts'
import { MariadbGtidPosition } from '../../binlog/mariadb-gtid.ts'
import { messageOf } from '../../core/errors.ts'

const mysqlShape = /[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}/i

/** @returns what is wrong with it, or null */
export function startPositionProblem(gtid: string): string | null {
  try {
    const parsed = mysqlShape.test(gtid) ? GtidSet.parse(gtid) : MariadbGtidPosition.parse(gtid)
    return parsed.isEmpty ? 'names no transaction; leave it empty for a full copy' : null
  } catch (error) {
    const forms = 'a MySQL GTID set (uuid:1-77) or a MariaDB position (0-1-270)'
    return `must be empty, ${forms}: ${messageOf(error)}`
  }
}
