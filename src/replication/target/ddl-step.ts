/**
 * The source's own statements in a run of the target task: each one is run, told of, and leaves its intent to the next.
 *
 * Easy to get wrong: everything before the statement is committed when it comes here, for it commits by itself.
 */
import type { FrameItem } from '../pipe/frame.ts'
import type { DdlIntent } from './checkpoint.ts'
import type { CheckpointChange } from './checkpoint-store.ts'
import type { CopyStore } from './copy-store.ts'
import { DdlRunner } from './ddl-runner.ts'
import { DdlFailedError } from './errors.ts'
import type { RunParts } from './run-parts.ts'
import type { RunStrategies } from './run-strategies.ts'
import { describeDdl } from './seen-ddl.ts'

export interface DdlStepParts {
  readonly run: RunParts
  readonly copies: CopyStore
  readonly strategies: RunStrategies
}

export class DdlStep {
  readonly #parts: DdlStepParts
  /** Left by a statement whose end is not known. */
  #intent: DdlIntent | null

  constructor(parts: DdlStepParts) {
    this.#parts = parts
    this.#intent = parts.run.connections.checkpoint.ddlIntent
  }

  /** `after` is the checkpoint behind it. @throws DdlFailedError and others as DdlRunner.run */
  async run(
    item: Extract<FrameItem, { kind: 'ddl' }>,
    { isCopying, after }: { readonly isCopying: boolean; readonly after: CheckpointChange },
  ): Promise<void> {
    const { progress } = this.#parts.run
    const { strategies } = this.#parts
    const { source } = strategies
    const seen = describeDdl(item)
    const runner = await this.#runner()
    const running = runner.run({
      event: item.event,
      gtid: item.gtid,
      place: item.place,
      source,
      intent: this.#intent,
      isCopying,
      withoutTriggers: strategies.appliesSql,
      after,
    })
    this.#intent = await running.catch((error: unknown) => {
      if (error instanceof DdlFailedError) progress.sawDdl({ ...seen, outcome: 'failed' })
      throw error
    })
    progress.sawDdl({ ...seen, outcome: 'applied' })
    progress.ddlTotal += 1
  }

  async #runner(): Promise<DdlRunner> {
    const { run, copies } = this.#parts
    const { connections, checkpoints, context, status } = run
    return new DdlRunner({
      session: await connections.ddlSession(),
      plain: connections.plain,
      checkpoints,
      copies,
      facts: connections.facts,
      collations: connections.collations,
      jobId: context.job.id,
      log: context.log,
      onNote: (note) => status.note(note),
    })
  }
}
