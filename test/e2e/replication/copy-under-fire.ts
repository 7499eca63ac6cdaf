/**
 * A copy of many chunks while a writer changes everything that is copied, and while tasks, agent and servers are killed.
 *
 * FIRE_SEED repeats a run's choices.
 */
import { expect } from 'vitest'
import { Random } from '../../../scripts/demo/random.ts'
import { kill, type Victim } from '../../crash/kills.ts'
import { eventually } from '../../harness/eventually.ts'
import type { ServerKind } from '../../harness/mysql-servers.ts'
import { ReplicationPair } from '../../harness/replication-pair.ts'
import { FireWriter, schema, tableNames } from './fire-writer.ts'

export interface Fire {
  readonly kind: ServerKind
  readonly image: 'FULL' | 'MINIMAL' | 'NOBLOB'
  readonly kills: readonly Victim[]
  /** See FireSize. */
  readonly rows: number
  readonly sessions: number
  readonly seed: number
}

/** What the target has recorded as done; empty once the copy is over. */
async function readChunks(pair: ReplicationPair): Promise<ReadonlySet<string>> {
  const found = await pair.target.query("SHOW TABLES FROM millrace LIKE 'copied_chunk'").catch(() => [])
  if (found.length === 0) return new Set()
  const chunks = await pair.target.query('SELECT chunk_id FROM millrace.copied_chunk WHERE is_done = 1')
  return new Set(chunks.map((chunk) => String(chunk.chunk_id)))
}

/** Kills on a fast machine may come after the copy; they change nothing then. */
async function isOver(pair: ReplicationPair, id: string): Promise<boolean> {
  return (await pair.stats(id).catch(() => null))?.Tasks[1]?.Stage === 'incremental'
}

/** @throws when a row is lost, left over or wrong, or chunks that were done are forgotten */
export async function surviveFire({ kind, image, kills, rows, sessions, seed }: Fire): Promise<void> {
  console.log(`copy under fire on ${kind} with ${image} and seed ${seed}`)
  const random = new Random(seed)
  await using pair = await ReplicationPair.start(kind)
  const sessionSql = `SET SESSION binlog_row_image = '${image}'`
  const writer = new FireWriter(pair.source, { rows, sessions, sessionSql }, seed)
  await writer.prepare()
  writer.start()
  const { ID: id } = await pair.create(pair.jobOf(schema))
  let before: ReadonlySet<string> = new Set()
  for (const victim of kills) {
    const now = await eventually(
      async () => {
        const chunks = await readChunks(pair)
        return chunks.size > before.size || (await isOver(pair, id)) ? chunks : undefined
      },
      60_000,
      `progress of the copy before the kill of ${victim}`,
    )
    const forgotten = now.size === 0 ? [] : [...before].filter((chunk) => !now.has(chunk))
    expect(forgotten, `chunks that were forgotten before the kill of ${victim}`).toEqual([])
    await eventually(() => kill(victim, pair, random), 10_000, `a ${victim} to kill`)
    before = now
  }
  await writer.stop()
  await pair.whenStreaming(id, 120_000)
  await pair.whenEqual(schema, tableNames.length)
}
