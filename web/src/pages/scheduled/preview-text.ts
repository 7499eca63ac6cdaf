/** The words around the times of a schedule. */

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** `Sun 2026-03-29 02:30:00` of a wall clock that is told as `2026-03-29T02:30:00`. */
export function localText(local: string): string {
  const text = local.replace('T', ' ').replace(/(?:Z|[+-]\d\d:\d\d)$/, '')
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`).getUTCDay()
  const weekday = weekdays[day]
  return weekday === undefined ? text : `${weekday} ${text}`
}

export interface ChangeText {
  readonly text: string
  readonly meaning: string
}

const changes: Readonly<Record<string, ChangeText>> = {
  skipped: {
    text: 'moved: clocks go forward',
    meaning: 'The clock skips this time on that day, so the job runs at the first moment after the gap.',
  },
  repeated: {
    text: 'once: clocks go back',
    meaning: 'The clock shows this time twice on that day; the job runs the first time.',
  },
}

/** What a change of the clocks does to a time; null where it does nothing. */
export function changeText(change: string | null): ChangeText | null {
  return change === null ? null : (changes[change] ?? { text: change, meaning: 'The clocks change around this time.' })
}
