/**
 * The checkpoint row of one job and the statements that move it.
 *
 * Easy to get wrong: `claim` is the fence. Each run raises it before it reads anything; a statement of an earlier run
 * then sets the NOT NULL column `owner_term` to NULL and FAILS under strict mode, so the COMMIT behind it in the same
 * packet never runs (error 1048 on MySQL 5.6 to 9.7 and on MariaDB). A statement that merely matched no row would not
 * stop that COMMIT. Reading after `FOR UPDATE` waits for a commit of the earlier run that is still under way.
 */
import type { Row, Session } from '../../mysql/session.ts'
import type { Checkpoint, CheckpointStage, DdlIntent } from './checkpoint.ts'
import { StaleOwnerError } from './errors.ts'
import { SqlText, utf8Text } from './sql-text.ts'

/** What a statement may change; what is absent stays. */
export type CheckpointChange = { -readonly [Key in keyof Checkpoint]?: Checkpoint[Key] }

export class CheckpointStore {
  readonly jobId: string
  readonly #ownerTerm: number
  #claim = 0n

  constructor(jobId: string, ownerTerm: number) {
    this.jobId = jobId
    this.#ownerTerm = ownerTerm
  }

  /** The fence's number in this run. */
  get claim(): bigint {
    return this.#claim
  }

  /** `job_id = ...`, for WHERE and VALUES. */
  get jobText(): string {
    return utf8Text(this.jobId)
  }

  /**
   * Takes the job over for this run: fences every earlier run, and reads where it stands.
   *
   * @param raiseEpochTo null: the epoch stays; else it becomes that, or one more than it was, whichever is greater
   * @throws StaleOwnerError when an owner with a greater term was here
   */
  async claimRow(session: Session, raiseEpochTo: number | null): Promise<Checkpoint> {
    await session.execute(
      `INSERT IGNORE INTO millrace.checkpoint (job_id, owner_term, claim, epoch, next_frame, next_item, stage, updated_at)
       VALUES (${this.jobText}, ${this.#ownerTerm}, 0, 0, 0, 0, 'fresh', UTC_TIMESTAMP(6))`,
    )
    await session.execute('BEGIN')
    try {
      const checkpoint = await this.#claimLocked(session, raiseEpochTo)
      await session.execute('COMMIT')
      return checkpoint
    } catch (error) {
      await session.execute('ROLLBACK').catch(() => {})
      throw error
    }
  }

  async #claimLocked(session: Session, raiseEpochTo: number | null): Promise<Checkpoint> {
    const [row] = await session.query(
      `SELECT owner_term, claim, epoch, next_frame, next_item, stage, position, committed_micros, source_server,
         HEX(format_event) AS format_event, ddl_intent
       FROM millrace.checkpoint WHERE job_id = ${this.jobText} FOR UPDATE`,
    )
    if (row === undefined) throw new StaleOwnerError(`the checkpoint of job ${this.jobId} was removed just now`)
    if (Number(row['owner_term']) > this.#ownerTerm)
      throw new StaleOwnerError(
        `job ${this.jobId} has a newer owner at ${session.where} (term ${row['owner_term']}, ours is ${this.#ownerTerm}); this task stops`,
      )
    this.#claim = BigInt(row['claim'] ?? 0) + 1n
    const before = readCheckpoint(row)
    const checkpoint =
      raiseEpochTo === null
        ? before
        : {
            ...before,
            epoch: Math.max(raiseEpochTo, before.epoch + 1),
            nextFrame: 0,
            nextItem: 0,
            // Nothing was copied: the source may begin anywhere.
            position: before.stage === 'fresh' ? null : before.position,
          }
    await session.execute(
      `UPDATE millrace.checkpoint SET owner_term = ${this.#ownerTerm}, claim = ${this.#claim}, epoch = ${checkpoint.epoch},
         next_frame = ${checkpoint.nextFrame}, next_item = ${checkpoint.nextItem},
         position = ${jsonText(checkpoint.position)}, updated_at = UTC_TIMESTAMP(6)
       WHERE job_id = ${this.jobText}`,
    )
    return checkpoint
  }

  /** The statement that moves the row; fails with error 1048 once this run is fenced. */
  changeStatement(change: CheckpointChange): Buffer {
    const sql = new SqlText(512)
    sql.add(`UPDATE millrace.checkpoint SET owner_term = IF(claim = ${this.#claim}, owner_term, NULL)`)
    sql.add(', updated_at = UTC_TIMESTAMP(6)')
    if (change.epoch !== undefined) sql.add(`, epoch = ${change.epoch}`)
    if (change.nextFrame !== undefined) sql.add(`, next_frame = ${change.nextFrame}`)
    if (change.nextItem !== undefined) sql.add(`, next_item = ${change.nextItem}`)
    if (change.stage !== undefined) sql.add(`, stage = '${change.stage}'`)
    if (change.position !== undefined) sql.add(`, position = ${jsonText(change.position)}`)
    if (change.committedMicros !== undefined) sql.add(`, committed_micros = ${change.committedMicros ?? 'NULL'}`)
    if (change.source !== undefined) sql.add(`, source_server = ${jsonText(change.source)}`)
    if (change.ddlIntent !== undefined) sql.add(`, ddl_intent = ${jsonText(change.ddlIntent)}`)
    if (change.formatEvent !== undefined) {
      sql.add(', format_event = ')
      if (change.formatEvent === null) sql.add('NULL')
      else sql.addHex(change.formatEvent)
    }
    return sql.add(` WHERE job_id = ${this.jobText}`).toBuffer()
  }

  /**
   * Runs `changeStatement`, and `andThen` behind it in the same packet.
   * @throws StaleOwnerError when this run is fenced or the row is gone
   */
  async change(session: Session, change: CheckpointChange, andThen = ''): Promise<void> {
    const statement = this.changeStatement(change)
    const sql = andThen === '' ? statement : Buffer.concat([statement, Buffer.from(`;${andThen}`)])
    const { affectedRows } = await session.execute(sql).catch((error: unknown) => {
      throw this.#explain(error, session)
    })
    if (affectedRows === 0)
      throw new StaleOwnerError(`the checkpoint of job ${this.jobId} at ${session.where} was removed; this task stops`)
  }

  #explain(error: unknown, session: Session): unknown {
    const errno = (error as { errno?: unknown }).errno
    if (errno !== 1048) return error
    return new StaleOwnerError(`job ${this.jobId} was taken over at ${session.where}; this run stops`, { cause: error })
  }

  /** A scalar for a NOT NULL column of an INSERT: NULL, and so an error, once this run is fenced. Locks the row. */
  fenceExpression(): string {
    return `(SELECT claim FROM millrace.checkpoint WHERE job_id = ${this.jobText} AND claim = ${this.#claim} LOCK IN SHARE MODE)`
  }

  /** Turns the error of a fenced INSERT into ours; others are passed on. */
  explainFence(error: unknown, session: Session): unknown {
    return this.#explain(error, session)
  }
}

function jsonText(value: unknown): string {
  return value === null ? 'NULL' : utf8Text(JSON.stringify(value))
}

function readCheckpoint(row: Row): Checkpoint {
  const json = (name: string) => {
    const text = row[name] ?? null
    return text === null ? null : JSON.parse(text)
  }
  return {
    epoch: Number(row['epoch']),
    nextFrame: Number(row['next_frame']),
    nextItem: Number(row['next_item']),
    stage: row['stage'] as CheckpointStage,
    position: json('position'),
    committedMicros: row['committed_micros'] == null ? null : BigInt(row['committed_micros']),
    source: json('source_server'),
    formatEvent: row['format_event'] == null ? null : Buffer.from(row['format_event'], 'hex'),
    ddlIntent: json('ddl_intent') as DdlIntent | null,
  }
}
