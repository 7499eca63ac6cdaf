/** Ending a command and everything it started in its own process group: first politely, then hard. */
import type { Clock } from '../../core/clock.ts'

/** How long SIGKILL may take to show: a process in an uninterruptible read outlives it. */
const killWaitMs = 1_000
const pollMs = 25

/** @returns false when the group has no process left, or none we may signal */
export function signalGroup(groupId: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-groupId, signal)
    return true
  } catch {
    return false
  }
}

/** SIGTERM, then SIGKILL after `graceMs` to what is still there. Resolves when the group is empty, or it is given up. */
export async function endGroup(groupId: number, graceMs: number, clock: Clock): Promise<void> {
  if (!signalGroup(groupId, 'SIGTERM')) return
  if (await isEmptyWithin(groupId, graceMs, clock)) return
  signalGroup(groupId, 'SIGKILL')
  await isEmptyWithin(groupId, killWaitMs, clock)
}

async function isEmptyWithin(groupId: number, limitMs: number, clock: Clock): Promise<boolean> {
  const endAtMs = clock.monotonicMs() + limitMs
  while (signalGroup(groupId, 0)) {
    if (clock.monotonicMs() >= endAtMs) return false
    await clock.sleep(pollMs)
  }
  return true
}
