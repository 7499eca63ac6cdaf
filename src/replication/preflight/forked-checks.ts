/**
 * Runs each connection check in a process of its own.
 *
 * Easy to get wrong: what answers at an address that somebody typed need not be a MySQL server, and may be made to harm.
 * Whatever it sends, the agent must not fall, grow or wait: so the process has little memory and little time, and is killed.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { UnavailableError } from '../../core/errors.ts'
import type { CheckRequest, ConnectionCheck } from './check-result.ts'
import { failedCheck, tooSlow } from './connection-check.ts'

export interface ForkedChecksParts {
  /** The program of a check's process: gets a `CheckOrder`, sends a `ConnectionCheck`, ends. */
  readonly entryPath: string
  /** The agent's own; only what a Node process needs is passed on. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly compileCachePath?: string
  /** From the call to the answer, at most; 10 s unless told. */
  readonly withinMs?: number
}

/** To the process. The password travels in the channel alone, never in arguments or environment. */
export interface CheckOrder {
  readonly request: CheckRequest
  /** When the answer must have come, epoch milliseconds: starting the process takes its time too. */
  readonly dueAt: number
}

const defaultWithinMs = 10_000
const mostAtOnce = 4
const heapLimitMb = 128
const passedOn = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'NODE_EXTRA_CA_CERTS']

export class ForkedChecks {
  readonly #parts: ForkedChecksParts
  readonly #children = new Set<ChildProcess>()

  constructor(parts: ForkedChecksParts) {
    this.#parts = parts
  }

  /** @throws UnavailableError when this node does too many already */
  async check(request: CheckRequest): Promise<ConnectionCheck> {
    if (this.#children.size >= mostAtOnce)
      throw new UnavailableError(`this node checks ${mostAtOnce} connections already, ask again in a few seconds`)
    const { withinMs = defaultWithinMs } = this.#parts
    const child = this.#fork()
    this.#children.add(child)
    const timer = setTimeout(() => child.kill('SIGKILL'), withinMs)
    const startedMs = performance.now()
    try {
      const found = await this.#ask(child, { request, dueAt: Date.now() + withinMs })
      if (found !== null) return found
      if (performance.now() - startedMs >= withinMs) return failedCheck(tooSlow(request.server, withinMs, false))
      const { host, port } = request.server
      const text = `the check ended by itself: what answers at ${host}:${port} is no server that can be used`
      return failedCheck({ kind: 'no-mysql', text })
    } finally {
      clearTimeout(timer)
      child.kill('SIGKILL')
      this.#children.delete(child)
    }
  }

  /** Ends those under way. */
  close(): void {
    for (const child of this.#children) child.kill('SIGKILL')
  }

  /** @returns null when the process ended without an answer */
  #ask(child: ChildProcess, order: CheckOrder): Promise<ConnectionCheck | null> {
    return new Promise((resolve) => {
      child.once('message', (found) => resolve(found as ConnectionCheck))
      child.once('exit', () => resolve(null))
      // Without a listener a failed fork or send would end the agent.
      child.on('error', () => resolve(null))
      child.send(order, () => undefined)
    })
  }

  #fork(): ChildProcess {
    const { entryPath, environment, compileCachePath } = this.#parts
    const env = Object.fromEntries(passedOn.flatMap((name) => (name in environment ? [[name, environment[name]]] : [])))
    return fork(entryPath, [], {
      env: compileCachePath === undefined ? env : { ...env, NODE_COMPILE_CACHE: compileCachePath },
      execArgv: [`--max-old-space-size=${heapLimitMb}`, '--disable-warning=ExperimentalWarning'],
      // What a library writes there may hold what the server sent.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
  }
}
