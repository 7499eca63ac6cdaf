/**
 * Runs statements that write values, and refuses what the server changed on the way in.
 *
 * Easy to get wrong: ENUM's member 0 (a value that was wrong when it was stored) is refused by strict mode. Such a
 * statement runs without it, and then exactly as many complaints must come as there are such cells.
 */

import { ServerSettingError } from '../../mysql/errors.ts'
import type { ExecuteResult, Session } from '../../mysql/session.ts'
import { ValueChangedError } from './errors.ts'
import { lenientSqlMode, strictSqlMode } from './target-session.ts'

/** Out of range, truncated, incorrect: the value stored is not the value sent. */
const changingWarnings = new Set(['1264', '1265', '1292', '1364', '1366', '1406', '1411', '1525', '3819'])
const truncated = '1265'

export interface WritingStatement {
  readonly sql: Buffer
  readonly enumZeros: number
}

/**
 * A server drops the connection of whoever sends more than it takes, so this is found out before.
 * @throws ServerSettingError naming the table and the setting
 */
export function refuseTooLarge(sizeBytes: number, maxPacketBytes: number, table: string, where: string): void {
  // One byte of the packet is the command.
  if (sizeBytes < maxPacketBytes) return
  throw new ServerSettingError(
    `a row of table ${table} needs a statement of ${sizeBytes} bytes and the target ${where} takes ${maxPacketBytes}; raise max_allowed_packet there above it`,
  )
}

/** @throws ValueChangedError; what `Session.execute` throws */
export async function executeWriting(session: Session, statement: WritingStatement): Promise<ExecuteResult> {
  if (statement.enumZeros > 0) return executeLenient(session, statement)
  const result = await session.execute(statement.sql)
  if (result.warningCount > 0) await refuseChangedValues(session, 0)
  return result
}

async function executeLenient(session: Session, { sql, enumZeros }: WritingStatement): Promise<ExecuteResult> {
  await session.execute(`SET SESSION sql_mode = '${lenientSqlMode}', max_error_count = 65535`)
  try {
    const result = await session.execute(sql)
    if (result.warningCount > 0) await refuseChangedValues(session, enumZeros)
    return result
  } finally {
    // Without strict mode a stale checkpoint would not be refused: a session that can't get it back must not go on.
    await session.execute(`SET SESSION sql_mode = '${strictSqlMode}'`).catch((error: unknown) => {
      session.destroy()
      throw error
    })
  }
}

/** @param allowedZeros how many "data truncated" warnings are ENUM's member 0 */
async function refuseChangedValues(session: Session, allowedZeros: number): Promise<void> {
  const warnings = await session.query('SHOW WARNINGS')
  const changing = warnings.filter((warning) => changingWarnings.has(warning['Code'] ?? ''))
  const zeros = changing.filter((warning) => warning['Code'] === truncated)
  const others = changing.filter((warning) => warning['Code'] !== truncated)
  const first = others[0] ?? (zeros.length > allowedZeros ? zeros[0] : undefined)
  if (first === undefined) return
  throw new ValueChangedError(
    `${session.where} would store another value than the source has (${warningText(first['Message'] ?? '')}); make the target's column as wide as the source's`,
  )
}

/** Without the value that the server quotes. */
function warningText(message: string): string {
  return message.replace(/: '.*' for /s, ' for ')
}
