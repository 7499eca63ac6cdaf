/**
 * When the clocks of one time zone change, read out of `Intl`, which only tells the offset at one instant.
 *
 * Easy to get wrong: asking `Intl` costs a microsecond and a new formatter fifty, so offsets are found once for a
 * whole chunk of time and kept; the answer to `spanAt` afterwards is a look into a short list.
 */
import { dayMs, hourMs, minuteMs, secondMs } from '../../core/calendar.ts'

/** A time in which the offset does not change: local time is the instant plus `offsetMs`. */
export interface OffsetSpan {
  readonly startMs: number
  /** Not part of the span. */
  readonly endMs: number
  /** Whole seconds: zones of the nineteenth century are not whole minutes. */
  readonly offsetMs: number
}

const chunkMs = 400 * dayMs
/**
 * The shortest time between two changes of any zone since 1970 is 7 days (America/Recife, October 2000), so two days
 * between two looks miss nothing.
 */
const sampleMs = 2 * dayMs
/** Four centuries of chunks; a zone asked for more forgets all and starts again. */
const mostChunks = 400

export class ZoneHistory {
  readonly #zone: string
  readonly #chunks = new Map<number, readonly OffsetSpan[]>()
  readonly #fixed: OffsetSpan | null

  /** @throws RangeError if `Intl` does not know the zone */
  constructor(zone: string) {
    this.#zone = zone
    const canonical = formatterOf(zone).resolvedOptions().timeZone
    this.#fixed =
      canonical === 'UTC' ? { startMs: Number.NEGATIVE_INFINITY, endMs: Number.POSITIVE_INFINITY, offsetMs: 0 } : null
  }

  /** The span an instant lies in. Two neighbouring spans may have the same offset. */
  spanAt(atMs: number): OffsetSpan {
    if (this.#fixed !== null) return this.#fixed
    const chunk = Math.floor(atMs / chunkMs)
    let spans = this.#chunks.get(chunk)
    if (spans === undefined) {
      if (this.#chunks.size >= mostChunks) this.#chunks.clear()
      spans = findSpans(formatterOf(this.#zone), chunk * chunkMs, (chunk + 1) * chunkMs)
      this.#chunks.set(chunk, spans)
    }
    for (const span of spans) if (atMs < span.endMs) return span
    throw new RangeError(`${atMs} is not an instant`)
  }
}

function findSpans(formatter: Intl.DateTimeFormat, startMs: number, endMs: number): OffsetSpan[] {
  const spans: OffsetSpan[] = []
  let spanStartMs = startMs
  let offsetMs = offsetAt(formatter, startMs)
  for (let beforeMs = startMs; beforeMs < endMs; beforeMs += sampleMs) {
    const afterMs = beforeMs + sampleMs
    const laterMs = offsetAt(formatter, afterMs)
    if (laterMs === offsetMs) continue
    const changeMs = findChange(formatter, beforeMs, afterMs, offsetMs)
    // A change exactly at the end begins the next chunk.
    if (changeMs < endMs) {
      spans.push({ startMs: spanStartMs, endMs: changeMs, offsetMs })
      spanStartMs = changeMs
      offsetMs = laterMs
    }
  }
  spans.push({ startMs: spanStartMs, endMs, offsetMs })
  return spans
}

/** The first whole second whose offset is not `offsetMs`, which is that of `beforeMs` and not that of `afterMs`. */
function findChange(formatter: Intl.DateTimeFormat, beforeMs: number, afterMs: number, offsetMs: number): number {
  let low = beforeMs / secondMs
  let high = afterMs / secondMs
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (offsetAt(formatter, middle * secondMs) === offsetMs) low = middle
    else high = middle
  }
  return high * secondMs
}

function formatterOf(zone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset', year: 'numeric' })
}

/** Reads `2026, GMT+05:45`; a zone of zero may be a bare `GMT`, an old one has seconds. */
function offsetAt(formatter: Intl.DateTimeFormat, atMs: number): number {
  const text = formatter.format(atMs)
  const match = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text)
  if (match === null) throw new RangeError(`no offset in ${JSON.stringify(text)}`)
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = match
  const sizeMs = Number(hours) * hourMs + Number(minutes) * minuteMs + Number(seconds) * secondMs
  return sign === '-' ? -sizeMs : sizeMs
}
