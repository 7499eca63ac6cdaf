/** The time zone of jobs that name none: the agent's, which its answer to any schedule tells. */
import { useEffect, useState } from 'preact/hooks'
import { api } from '../../api/client.ts'
import type { SchedulePreview } from './wire.ts'

let known: Promise<string | null> | null = null

/** @returns null until it is known, and when it cannot be had */
export function useAgentZone(): string | null {
  const [zone, setZone] = useState<string | null>(null)
  useEffect(() => {
    known ??= askZone()
    void known.then(setZone)
  }, [])
  return zone
}

async function askZone(): Promise<string | null> {
  try {
    const preview = await api.send<SchedulePreview>('POST', '/ops/schedule-preview', { schedule: '@daily', count: 1 })
    return preview.time_zone
  } catch {
    known = null
    return null
  }
}
