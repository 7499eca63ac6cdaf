/**
 * A position (`gtids (file:offset)`) as a person can take it in: how far each server has been read, the place in the
 * log, and the GTID set alone for copying.
 */

export interface PositionPart {
  /** A server's UUID by its first digits, or a MariaDB domain. */
  readonly name: string
  readonly upTo: string
}

export interface ShownPosition {
  /** Empty where the server writes none. */
  readonly gtids: string
  /** `binlog.000012:4711`; empty when it is not known. */
  readonly place: string
  /** None when the text is of a form that is not known here: then it is shown as it is. */
  readonly parts: readonly PositionPart[]
}

export function shownPosition(position: string): ShownPosition {
  const match = /^(.*?)(?:\s*\(([^()]+:\d+)\))?$/s.exec(position.trim())
  const text = match?.[1] ?? ''
  const place = match?.[2] ?? ''
  if (/^[^\s:,]+\.\d+:\d+$/.test(text)) return { gtids: '', place: text, parts: [] }
  if (text.startsWith('(')) return { gtids: '', place, parts: [] }
  return { gtids: text, place, parts: partsOf(text) }
}

function partsOf(gtids: string): readonly PositionPart[] {
  if (gtids === '') return []
  if (/^\d+-\d+-\d+(?:,\s*\d+-\d+-\d+)*$/.test(gtids)) return gtids.split(',').map(mariadbPart)
  const sets = gtids.split(/,\s*(?=[0-9a-f]{8}-)/i)
  return sets.every((set) => mysqlSet.test(set.trim())) ? sets.map(mysqlPart) : []
}

const mysqlSet = /^([0-9a-f]{8})-[0-9a-f-]{27}:(.+)$/is

function mariadbPart(text: string): PositionPart {
  const [domain = '', server = '', sequence = ''] = text.trim().split('-')
  return { name: `domain ${domain}, server ${server}`, upTo: grouped(sequence) }
}

function mysqlPart(text: string): PositionPart {
  const match = mysqlSet.exec(text.trim())
  const last = (match?.[2] ?? '').split(/[:,-]/).at(-1) ?? ''
  return { name: `server ${match?.[1] ?? ''}…`, upTo: grouped(last.trim()) }
}

/** Numbers here may be longer than a double holds exactly, so they stay text. */
function grouped(digits: string): string {
  return /^\d+$/.test(digits) ? digits.replaceAll(/\B(?=(\d{3})+$)/g, ',') : digits
}
