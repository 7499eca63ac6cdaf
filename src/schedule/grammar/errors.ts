/** What can be wrong with a schedule or a zone; each message names the part at fault and what is allowed there. */
import { MillraceError } from '../../core/errors.ts'

/** The specification does not follow the grammar. */
export class InvalidScheduleError extends MillraceError {
  readonly code = 'SCHEDULE_INVALID'
  readonly remedy = 'fix-request'
}

/** The specification is well formed, but no moment from now on matches it. */
export class ScheduleNeverFiresError extends MillraceError {
  readonly code = 'SCHEDULE_NEVER_FIRES'
  readonly remedy = 'fix-request'
}

/** No such time zone in the time zone data of this Node. */
export class UnknownZoneError extends MillraceError {
  readonly code = 'ZONE_UNKNOWN'
  readonly remedy = 'fix-request'

  constructor(zone: string) {
    super(`${quote(zone)} is not a known time zone, use an IANA name such as Europe/Berlin or UTC`, {
      details: { zone: zone.slice(0, 100) },
    })
  }
}

/** A value as a message can show it: control characters escaped, never longer than a line. */
export function quote(value: string): string {
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value)
}
