/** Amounts and times as text, short enough for a table. */

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** Decimal units, as disks and `millrace` count: 1.5 MB is 1,500,000 bytes. */
export function bytesText(bytes: number): string {
  let value = bytes
  let unit = 0
  while (Math.abs(value) >= 999.5 && unit < byteUnits.length - 1) {
    value /= 1000
    unit++
  }
  return `${significant(value, unit === 0)} ${byteUnits[unit]}`
}

/** 850 ms, 1.2 s, 3 min 20 s, 2 h 5 min, 3 d 4 h. */
export function durationText(ms: number): string {
  if (ms < 0) return `-${durationText(-ms)}`
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 59_950) return `${significant(ms / 1000)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3_600) return two(Math.floor(seconds / 60), 'min', seconds % 60, 's')
  const minutes = Math.floor(seconds / 60)
  if (minutes < 1_440) return two(Math.floor(minutes / 60), 'h', minutes % 60, 'min')
  return two(Math.floor(minutes / 1_440), 'd', Math.floor((minutes % 1_440) / 60), 'h')
}

/** How far `at` is from `now`: `12 s ago`, `in 3 min`, `just now`. One unit, so that it does not flicker. */
export function relativeText(at: number, now: number): string {
  const seconds = Math.round((at - now) / 1000)
  const size = Math.abs(seconds)
  if (size < 2) return 'now'
  const amount = oneUnit(size)
  return seconds < 0 ? `${amount} ago` : `in ${amount}`
}

function oneUnit(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

const count = new Intl.NumberFormat('en')

/** 1,234,567. */
export function countText(value: number): string {
  return count.format(value)
}

/** 999, 1.2k, 34k, 5.6M. */
export function shortCountText(value: number): string {
  const units = ['', 'k', 'M', 'G']
  let unit = 0
  let rest = value
  while (Math.abs(rest) >= 999.5 && unit < units.length - 1) {
    rest /= 1000
    unit++
  }
  return `${significant(rest, unit === 0)}${units[unit]}`
}

function significant(value: number, isWhole = false): string {
  if (isWhole && Number.isInteger(value)) return String(value)
  const text = value.toFixed(Math.abs(value) < 9.95 ? 1 : 0)
  return text.replace(/\.0$/, '')
}

function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`
}
