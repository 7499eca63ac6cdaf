/**
 * Time zones by name: whether there is one, and what its clocks show.
 *
 * Easy to get wrong: names are compared as `Intl` does, in any case. The histories below are kept in the module, not
 * in an object handed around: they are the memory of a pure function, and bounded.
 */
import { UnknownZoneError } from './errors.ts'
import { type OffsetSpan, ZoneHistory } from './zone-history.ts'

/** More than there are IANA names; spellings such as `utc` and `+01:00` count too, the least lately used goes. */
const mostZones = 1024
const histories = new Map<string, ZoneHistory>()
let latest: { readonly zone: string; readonly history: ZoneHistory } | null = null

/** True for the IANA names and offsets (`+01:00`) that this Node's time zone data has. */
export function isKnownZone(zone: string): boolean {
  try {
    historyOf(zone)
    return true
  } catch (error) {
    if (error instanceof UnknownZoneError) return false
    throw error
  }
}

/** @throws UnknownZoneError naming the zone */
export function requireKnownZone(zone: string): void {
  historyOf(zone)
}

/** The time around an instant in which the zone's offset stays as it is. @throws UnknownZoneError */
export function offsetSpanAt(zone: string, atMs: number): OffsetSpan {
  return historyOf(zone).spanAt(atMs)
}

/** How far the zone's clocks are ahead of UTC at an instant, in ms. @throws UnknownZoneError */
export function offsetMsAt(zone: string, atMs: number): number {
  return historyOf(zone).spanAt(atMs).offsetMs
}

/** The history of a zone, for those who look several times. @throws UnknownZoneError */
export function historyOf(zone: string): ZoneHistory {
  if (latest?.zone === zone) return latest.history
  const kept = histories.get(zone)
  const history = kept ?? makeHistory(zone)
  // The map's order is that of the last use.
  if (kept !== undefined) histories.delete(zone)
  else if (histories.size >= mostZones) forgetOldest()
  histories.set(zone, history)
  latest = { zone, history }
  return history
}

function makeHistory(zone: string): ZoneHistory {
  try {
    return new ZoneHistory(zone)
  } catch (error) {
    if (error instanceof RangeError) throw new UnknownZoneError(zone)
    throw error
  }
}

function forgetOldest(): void {
  const [oldest] = histories.keys()
  if (oldest !== undefined) histories.delete(oldest)
}
