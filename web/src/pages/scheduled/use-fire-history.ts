/**
 * The history of one job, kept fresh: the newest page is read again when something happened, what is known is told by
 * events at once, and older pages come on request.
 */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { type ApiError, asApiError } from '../../api/api-error.ts'
import { api } from '../../api/client.ts'
import type { LiveEvent } from '../../api/event-kinds.ts'
import { onEvent } from '../../api/events.ts'
import { useResource } from '../../live/resource.ts'
import { type FireHistory, isAbove, noFires, withEvents, withNewest, withOlder } from './fire-history.ts'
import { type Fire, type FirePage, opsJobPath } from './wire.ts'

/** Fires that are read, and shown, at a time. */
export const pageSize = 25

export interface History {
  readonly fires: readonly Fire[]
  /** The first answer has come. */
  readonly isKnown: boolean
  readonly error: ApiError | null
  readonly hasOlder: boolean
  readonly isLoadingOlder: boolean
  readonly loadOlder: () => void
  readonly reload: () => void
  /** The next run by hand is the one that was just asked for here. */
  readonly expectRun: () => void
  /** The group of that run, once it is there. */
  readonly expectedGroup: string | null
}

/** @param name null: nothing to load */
export function useFireHistory(name: string | null): History {
  const [known, setKnown] = useState<FireHistory>(noFires)
  const [isLoadingOlder, setIsLoadingOlder] = useState(false)
  const [olderError, setOlderError] = useState<ApiError | null>(null)
  const run = useExpectedRun(known.fires)
  const concerns = (event: LiveEvent) =>
    event.kind === 'executions' && (event.data.more || event.data.items.some(({ job }) => job === name))
  const path = name === null ? null : `${opsJobPath(name)}/fires`
  const newest = useResource<FirePage>(path === null ? null : `${path}?limit=${pageSize}`, [
    { kind: 'executions', matches: concerns },
    { kind: 'scheduled-jobs', matches: ({ data }) => name !== null && 'names' in data && data.names.includes(name) },
  ])
  const page = newest.data
  useEffect(() => {
    if (page !== undefined) setKnown((before) => withNewest(before, page))
  }, [page])
  useEffect(
    () =>
      onEvent('executions', ({ items }) => {
        const own = items.filter(({ job }) => job === name)
        if (own.length > 0) setKnown((before) => withEvents(before, own))
      }),
    [name],
  )

  const loadOlder = async () => {
    if (path === null || known.nextBefore === null) return
    setIsLoadingOlder(true)
    try {
      const words = new URLSearchParams({ limit: String(pageSize), before: known.nextBefore })
      const older = await api.get<FirePage>(`${path}?${words}`)
      setKnown((before) => withOlder(before, older))
      setOlderError(null)
    } catch (error) {
      setOlderError(asApiError(error))
    } finally {
      setIsLoadingOlder(false)
    }
  }
  return {
    fires: known.fires,
    isKnown: page !== undefined,
    error: newest.error ?? olderError,
    hasOlder: known.nextBefore !== null,
    isLoadingOlder,
    loadOlder: () => void loadOlder(),
    reload: newest.reload,
    ...run,
  }
}

/** Finds the run that was asked for: by hand, and newer than whatever was there. */
function useExpectedRun(fires: readonly Fire[]) {
  const after = useRef<string | null>(null)
  const [expectedGroup, setExpectedGroup] = useState<string | null>(null)
  const newestGroup = fires[0]?.group ?? '0'
  const found =
    after.current === null
      ? undefined
      : fires.find(({ group, scheduled_at }) => scheduled_at === null && isAbove(group, after.current ?? '0'))
  useEffect(() => {
    if (found === undefined) return
    after.current = null
    setExpectedGroup(found.group)
  }, [found])
  const expectRun = useCallback(() => {
    after.current = newestGroup
  }, [newestGroup])
  return { expectRun, expectedGroup }
}
