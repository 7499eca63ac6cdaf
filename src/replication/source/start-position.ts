/** The `Gtid` of a job as a position: these transactions are at the target already. */
import { GtidSet } from '../../binlog/gtid-set.ts'
import { MariadbGtidPosition } from '../../binlog/mariadb-gtid.ts'
import type { Position } from '../../binlog/position.ts'
import type { ServerCapabilities } from '../../mysql/capabilities.ts'
import { ServerSettingError } from '../../mysql/errors.ts'

/**
 * @throws InvalidPositionError if the text is no GTID set of the server's vendor
 * @throws ServerSettingError if the server has no GTIDs
 */
export function positionOfGtids(gtid: string, server: ServerCapabilities): Position {
  const nowhere = { file: '', offset: 0 }
  if (server.vendor === 'mariadb')
    return { kind: 'mariadb-gtid', gtid: MariadbGtidPosition.parse(gtid).toString(), ...nowhere }
  const executed = GtidSet.parse(gtid).toString()
  if (!server.hasGtids)
    throw new ServerSettingError(
      `gtid_mode is ${server.gtidMode} on ${server.where}, so the job can't begin at its Gtid; switch gtid_mode to ON ` +
        'or leave Gtid empty for a full copy',
    )
  return { kind: 'mysql-gtid', executed, ...nowhere }
}
