/**
 * Ending a command and everything it started in its own process group: first politely, then hard.
 *
 * Easy to get wrong: a zombie can still be signalled. What a command's children leave is collected by the machine's
 * first process, which in a container may do that late or never.
 */
import type { Clock } from '../../core/clock.ts'
import { hasRunningMember } from './process-table.ts'

/** How long SIGKILL may take to show: a process in an uninterruptible read outlives it. */
const killWaitMs = 1_000
const pollMs = 25
/** Polls before it is asked whether only zombies are left, and then after twice as many: it is a costly question. */
const firstLook = 4

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
  for (let polls = 1, nextLook = firstLook; signalGroup(groupId, 0); polls += 1) {
    if (clock.monotonicMs() >= endAtMs) return false
    if (polls === nextLook) {
      if (!hasRunningMember(groupId)) return true
      nextLook *= 2
    }
    await clock.sleep(pollMs)
  }
  return true
}
