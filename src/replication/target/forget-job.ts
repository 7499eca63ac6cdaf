/** Removes what the target's bookkeeping holds of a job that was deleted. */
import type { ReplicationJob } from '../../model/replication-job.ts'
import type { ServerEndpoint } from '../task-context.ts'
import { quoteText } from './sql-text.ts'
import { openPlainSession } from './target-session.ts'

const tables = ['deferred_key', 'copy_row', 'copied_chunk', 'copy_table', 'checkpoint']
const noSuchTable = 1146

/** Safe to repeat. @throws ServerUnreachableError and the like: the rows stay then */
export async function forgetJob(context: {
  readonly job: Pick<ReplicationJob, 'id'>
  readonly server: ServerEndpoint
}): Promise<void> {
  const session = await openPlainSession(context.server)
  try {
    for (const table of tables)
      await session
        .execute(`DELETE FROM millrace.${table} WHERE job_id = ${quoteText(context.job.id)}`)
        .catch((error: { errno?: number }) => {
          if (error.errno !== noSuchTable) throw error
        })
  } finally {
    await session.close()
  }
}
