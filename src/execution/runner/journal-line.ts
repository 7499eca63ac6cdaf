/**
 * The form of one record on disk: eight hexadecimal digits of CRC-32, a space, JSON, a line end.
 *
 * Easy to get wrong: a line may be torn anywhere, and after a power loss blocks in the middle may be zeros. What
 * doesn't check is left out, what follows it still counts.
 */
import { crc32 } from 'node:zlib'

export interface JournalEntry {
  readonly value: unknown
  /** Where its line starts in the file, in bytes. */
  readonly offset: number
  readonly lengthBytes: number
}

export interface JournalContents {
  readonly entries: readonly JournalEntry[]
  /** Up to the end of the last good line; what follows is torn. */
  readonly goodBytes: number
  /** Lines before that which do not check. */
  readonly badLines: number
}

const lineEnd = 0x0a

export function encodeLine(value: unknown): Buffer {
  const json = JSON.stringify(value)
  return Buffer.from(`${checkOf(json)}${json}\n`)
}

function checkOf(json: string | Buffer): string {
  return `${crc32(json).toString(16).padStart(8, '0')} `
}

/** @returns undefined when the line does not check */
export function decodeLine(line: Buffer): unknown {
  const json = line.subarray(9)
  if (line.toString('latin1', 0, 9) !== checkOf(json)) return undefined
  try {
    return JSON.parse(json.toString())
  } catch {
    return undefined
  }
}

export function decodeJournal(bytes: Buffer): JournalContents {
  const entries: JournalEntry[] = []
  let goodBytes = 0
  let badLines = 0
  let badSinceGood = 0
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(lineEnd, at)
    if (end < 0) break
    const value = decodeLine(bytes.subarray(at, end))
    if (value === undefined) badSinceGood += 1
    else {
      entries.push({ value, offset: at, lengthBytes: end + 1 - at })
      goodBytes = end + 1
      badLines += badSinceGood
      badSinceGood = 0
    }
    at = end + 1
  }
  return { entries, goodBytes, badLines }
}
