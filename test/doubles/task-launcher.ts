/** A launcher whose processes exist in memory only; a test tells what they report and when they end. */
import type { ExitInfo, StopOptions, TaskLauncher, TaskProcess, TaskSpec } from '../../src/replication/service/ports.ts'
import type { TaskReport } from '../../src/replication/task-context.ts'

export class MemoryTaskProcess implements TaskProcess {
  readonly spec: TaskSpec
  readonly exited: Promise<ExitInfo>
  readonly report: (report: TaskReport) => void
  readonly exit: (exit: ExitInfo) => void
  /** How it was told to stop; null while it was not. */
  stopped: StopOptions | null = null
  hasExited = false

  constructor(spec: TaskSpec, onReport: (report: TaskReport) => void) {
    this.spec = spec
    this.report = onReport
    const ended = Promise.withResolvers<ExitInfo>()
    this.exited = ended.promise
    this.exit = (exit) => {
      this.hasExited = true
      ended.resolve(exit)
    }
  }

  async stop(options: StopOptions): Promise<void> {
    this.stopped = options
    this.exit({ code: 0, signal: null })
  }
}

export class MemoryTaskLauncher implements TaskLauncher {
  readonly processes: MemoryTaskProcess[] = []
  /** Thrown by the next launches while it is set. */
  failure: Error | null = null

  async launch(spec: TaskSpec, onReport: (report: TaskReport) => void): Promise<TaskProcess> {
    if (this.failure !== null) throw this.failure
    const started = new MemoryTaskProcess(spec, onReport)
    this.processes.push(started)
    return started
  }

  /** Those of one role that have not ended, oldest first. */
  running(role: 'source' | 'target'): readonly MemoryTaskProcess[] {
    return this.processes.filter((one) => one.spec.role === role && !one.hasExited)
  }
}
