/**
 * The sessions of one run of a target task and what was learned over them.
 *
 * Easy to get wrong: the order. The row is claimed first, so only the true owner ends connections that an earlier run
 * left behind.
 */
import type { Session } from '../../mysql/session.ts'
import type { TargetTaskContext } from '../task-context.ts'
import { ensureBookkeeping } from './bookkeeping-schema.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import { type CollationNames, readCollationNames } from './collation-names.ts'
import { checkAddresses, checkMark, checkTarget } from './target-checks.ts'
import { readTargetFacts, type TargetFacts } from './target-facts.ts'
import { endLeftSessions, openApplySession, openPlainSession, takeSessionPlace } from './target-session.ts'

const mostLanes = 16
const mostKeySessions = 4
/** An earlier group that waits for a later one would wait for ever; see parallel-lanes.ts. */
const laneLockWaitSeconds = 2

export class TargetConnections implements AsyncDisposable {
  readonly facts: TargetFacts
  readonly collations: CollationNames
  readonly checkpoint: Checkpoint
  /** Statements of ours: bookkeeping, definitions. */
  readonly plain: Session
  /** Applies changes, one transaction at a time. */
  readonly main: Session
  readonly #context: TargetTaskContext
  readonly #extra: Session[] = []
  #chunkSessions: Promise<readonly Session[]> | null = null
  #laneSessions: Promise<readonly Session[]> | null = null
  #keySessions: Promise<readonly Session[]> | null = null
  #ddlSession: Promise<Session> | null = null

  private constructor(
    context: TargetTaskContext,
    learned: Pick<TargetConnections, 'facts' | 'collations' | 'checkpoint' | 'plain' | 'main'>,
  ) {
    this.#context = context
    this.facts = learned.facts
    this.collations = learned.collations
    this.checkpoint = learned.checkpoint
    this.plain = learned.plain
    this.main = learned.main
  }

  /**
   * Connects, checks the target, and takes the job over.
   *
   * @param asked for an answer to the source: see CheckpointStore.claimRow and ResumeRequest
   * @throws what the checks and claimRow throw; AccessDeniedError, ServerUnreachableError
   */
  static async open(
    context: TargetTaskContext,
    store: CheckpointStore,
    asked: { readonly raiseEpochTo: number; readonly sourceMark: string | null } | null,
  ): Promise<TargetConnections> {
    const { server, job } = context
    checkAddresses(job.source.server, server)
    const plain = await openPlainSession(server)
    let main: Session | null = null
    try {
      // Before anything is written.
      if (asked?.sourceMark != null) await checkMark(plain, asked.sourceMark)
      const facts = await readTargetFacts(plain)
      checkTarget(facts, { include: job.source.include, skipsCreation: job.target.skipCreateTable })
      await ensureBookkeeping(plain)
      const checkpoint = await store.claimRow(plain, asked?.raiseEpochTo ?? null)
      await endLeftSessions(plain, job.id, context.clock)
      const collations = await readCollationNames(plain)
      main = await openApplySession(server, facts.logsStatements)
      await takeSessionPlace(main, job.id, 'main')
      return new TargetConnections(context, { facts, collations, checkpoint, plain, main })
    } catch (error) {
      plain.destroy()
      main?.destroy()
      throw error
    }
  }

  /** Longest statement to send, in bytes; a single row may make it longer. */
  get statementBytes(): number {
    return Math.min(1024 * 1024, this.facts.maxAllowedPacket >> 1)
  }

  /** One for each parallel worker, opened when first asked for. */
  chunkSessions(): Promise<readonly Session[]> {
    this.#chunkSessions ??= this.#openChunkSessions()
    return this.#chunkSessions
  }

  /** One for each parallel worker, to build keys; opened when first asked for. */
  keySessions(): Promise<readonly Session[]> {
    this.#keySessions ??= this.#openKeySessions()
    return this.#keySessions
  }

  /** One for each parallel worker, to apply groups of transactions beside each other; opened when first asked for. */
  laneSessions(): Promise<readonly Session[]> {
    this.#laneSessions ??= this.#openLaneSessions()
    return this.#laneSessions
  }

  /** For the source's own statements. */
  ddlSession(): Promise<Session> {
    this.#ddlSession ??= this.#keep(openPlainSession(this.#context.server), 'ddl')
    return this.#ddlSession
  }

  async #openKeySessions(): Promise<readonly Session[]> {
    const { server, job } = this.#context
    const count = Math.min(job.target.parallelWorkers, mostKeySessions)
    const open = (_none: unknown, index: number) => this.#keep(openPlainSession(server), `key ${index}`)
    return await Promise.all(Array.from({ length: count }, open))
  }

  async #openLaneSessions(): Promise<readonly Session[]> {
    const { server, job } = this.#context
    const sessions: Session[] = []
    for (let index = 0; index < Math.min(job.target.parallelWorkers, mostLanes); index += 1) {
      const session = await this.#keep(openApplySession(server, this.facts.logsStatements), `lane ${index}`)
      await session.execute(`SET SESSION innodb_lock_wait_timeout = ${laneLockWaitSeconds}`)
      sessions.push(session)
    }
    return sessions
  }

  async #openChunkSessions(): Promise<readonly Session[]> {
    const { server, job } = this.#context
    const sessions: Session[] = []
    const { logsStatements } = this.facts
    for (let index = 0; index < job.target.parallelWorkers; index += 1)
      sessions.push(await this.#keep(openApplySession(server, logsStatements, !logsStatements), `copy ${index}`))
    return sessions
  }

  async #keep(opening: Promise<Session>, place: string): Promise<Session> {
    const session = await opening
    this.#extra.push(session)
    await takeSessionPlace(session, this.#context.job.id, place)
    return session
  }

  /** Drops every connection at once; what is under way is undone by the server. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of [this.main, this.plain, ...this.#extra]) session.destroy()
    await Promise.allSettled([this.#chunkSessions, this.#laneSessions, this.#keySessions, this.#ddlSession])
    for (const session of this.#extra) session.destroy()
  }
}
