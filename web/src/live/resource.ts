/**
 * What one GET answers, kept fresh by events.
 *
 * Easy to get wrong: while it loads again, and when that fails, the old data stays, so that nothing jumps. Whoever shows
 * another thing by the same hook gives its component a `key`.
 */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { api } from '../api/client.ts'
import type { EventKind, LiveEvent } from '../api/event-kinds.ts'
import { onEvent, onReconnect } from '../api/events.ts'
import { type Loaded, Loader } from './loader.ts'

export interface RefreshOn {
  readonly kind: EventKind
  /** Only events for which this is true; all of the kind without it. */
  readonly matches?: (event: LiveEvent) => boolean
}

export interface Resource<T> extends Loaded<T> {
  reload(): void
}

export interface ResourceOptions {
  /** Shortest time between two requests, 500 ms unless told: more for what is dear to answer. The first one counts. */
  readonly everyMs?: number
}

/**
 * @param path null: nothing to load yet. Another path is loaded at once
 * @param refreshOn which events make it load again; need not be the same array each time
 */
export function useResource<T>(
  path: string | null,
  refreshOn: readonly RefreshOn[] = [],
  { everyMs = 500 }: ResourceOptions = {},
): Resource<T> {
  const [loaded, setLoaded] = useState<Loaded<T>>({ data: undefined, error: null, isLoading: path !== null })
  const loader = useRef<Loader<T> | null>(null)
  const isStale = useRef(false)
  const wanted = useRef(refreshOn)
  wanted.current = refreshOn
  const kinds = [...new Set(refreshOn.map(({ kind }) => kind))].join()

  useEffect(() => {
    const own = new Loader<T>((from, signal) => api.get<T>(from, { signal }), setLoaded, everyMs)
    loader.current = own
    const stopListening = onReconnect(() => own.ask())
    const seeAgain = () => {
      if (!document.hidden && isStale.current) own.ask()
      isStale.current = false
    }
    document.addEventListener('visibilitychange', seeAgain)
    return () => {
      document.removeEventListener('visibilitychange', seeAgain)
      stopListening()
      own.stop()
    }
  }, [everyMs])

  useEffect(() => loader.current?.open(path), [path, everyMs])

  useEffect(() => {
    const stops = (kinds === '' ? [] : kinds.split(',')).map((kind) =>
      onEvent(kind as EventKind, (data) => {
        const event = { kind, data } as LiveEvent
        const isMeant = wanted.current.some((on) => on.kind === kind && (on.matches?.(event) ?? true))
        // Nobody sees a hidden tab; it asks once when it is seen again.
        if (isMeant && document.hidden) isStale.current = true
        else if (isMeant) loader.current?.ask()
      }),
    )
    return () => {
      for (const stop of stops) stop()
    }
  }, [kinds])

  return { ...loaded, reload: useCallback(() => loader.current?.ask(), []) }
}
