/** What a copy leaves in the target's schema `millrace`, looked at and removed once its tasks have ended. */
import { formatPosition, type Position } from '../../binlog/position.ts'
import type { CopyServer } from '../../cli/copy/ports.ts'
import { errnoOf } from '../../mysql/errors.ts'
import { quoteText } from '../../mysql/identifier.ts'
import { openSession, type Session } from '../../mysql/session.ts'
import { plainState } from '../../mysql/session-state.ts'
import { forgetJob } from '../../replication/target/forget-job.ts'

const unknownObjects = new Set([1146, 1049, 1142, 1044])

/** @returns the source's position up to which the target has everything; empty when it has not begun */
export async function readPosition(server: CopyServer, jobId: string): Promise<string> {
  return withSession(server, async (session) => {
    const rows = await session
      .query(`SELECT position FROM millrace.checkpoint WHERE job_id = ${quoteText(jobId)}`)
      .catch(orNothing)
    const text = rows[0]?.position
    return text == null ? '' : formatPosition(JSON.parse(text) as Position)
  })
}

/** True when there is no bookkeeping of any job: then what a copy makes of it can go again. */
export async function hasNoBookkeeping(server: CopyServer): Promise<boolean> {
  return withSession(server, async (session) => {
    const rows = await session.query(
      "SELECT 1 AS found FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'millrace'",
    )
    return rows.length === 0
  })
}

/**
 * Removes the job's rows, and the whole schema where the copy made it and no other job has begun to use it.
 *
 * @param wasMadeByCopy see `hasNoBookkeeping`
 */
export async function forgetCopy(server: CopyServer, jobId: string, wasMadeByCopy: boolean): Promise<void> {
  if (await hasNoBookkeeping(server)) return
  await forgetJob({ job: { id: jobId }, server })
  if (!wasMadeByCopy) return
  await withSession(server, async (session) => {
    const others = await session.query('SELECT 1 AS found FROM millrace.checkpoint LIMIT 1').catch(orNothing)
    if (others.length === 0) await session.execute('DROP DATABASE IF EXISTS millrace')
  })
}

async function withSession<Answer>(server: CopyServer, ask: (session: Session) => Promise<Answer>): Promise<Answer> {
  const session = await openSession(server)
  try {
    await session.execute(plainState)
    return await ask(session)
  } finally {
    await session.close()
  }
}

function orNothing(error: unknown): readonly Readonly<Record<string, string | null>>[] {
  if (unknownObjects.has(errnoOf(error) ?? 0)) return []
  throw error
}
