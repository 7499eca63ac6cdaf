/** The words around the times of a schedule. */

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** `Sun 2026-03-29 02:30:00` of a wall clock that is told as `2026-03-29T02:30:00`. */
export function localText(local: string): string {
  const text = local.replace('T', ' ').replace(/(?:Z|[+-]\d\d:\d\d)$/, '')
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`).getUTCDay()
  const weekday = weekdays[day]
  return weekday === undefined ? text : `${weekday} ${text}`
}
