/**
 * The program of the process that makes a copy for `millrace copy`. Its orders come over the IPC channel.
 *
 * Easy to get wrong: when the channel closes, the command was killed. Nobody will clean up then but this process, so it
 * ends in order as if it had been told to.
 */
import { MillraceError, messageOf } from '../../core/errors.ts'
import { keepCompiled } from '../compile-cache.ts'
import { clearFolder } from './copy-folder.ts'
import type { CopyMessage, CopyOrder, CopySpec } from './copy-messages.ts'

const ending = new AbortController()
let forgets = false
let spec: CopySpec | null = null

process.on('message', (order: CopyOrder) => {
  if (order.kind === 'start') {
    spec = order.spec
    void run(order.spec)
  } else end(order.forget)
})
process.on('disconnect', () => {
  if (spec === null) process.exit(0)
  if (!ending.signal.aborted) end(spec.forgetsWhenAlone)
})
// Whoever ends this process by itself means the whole copy; the command tells why it is over.
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => end(false))

function end(isToForget: boolean): void {
  forgets = isToForget
  ending.abort(new Error('the copy was told to stop'))
}

async function run(given: CopySpec): Promise<void> {
  const { runCopyAgent } = await import('./run-copy-agent.ts')
  keepCompiled()
  try {
    await runCopyAgent(given, { tell, signal: ending.signal, forgets: () => forgets })
  } catch (error) {
    console.error(error instanceof Error ? (error.stack ?? error.message) : String(error))
    const known = error instanceof MillraceError ? error : { code: 'INTERNAL', remedy: 'bug' as const }
    tell({ kind: 'failed', code: known.code, message: messageOf(error), remedy: known.remedy })
  }
  // With the command alive, the folder is its own to remove.
  if (!process.connected && given.forgetsWhenAlone) await clearFolder(given.folder, false)
  await lastSent
  process.exit(0)
}

let lastSent: Promise<void> = Promise.resolve()

function tell(message: CopyMessage): void {
  if (!process.connected) return
  // A channel that closes meanwhile is no failure of ours.
  lastSent = new Promise((resolve) => process.send?.(message, undefined, undefined, () => resolve()))
}
