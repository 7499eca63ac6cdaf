/**
 * Dates and times of row images as the text that servers print.
 *
 * Easy to get wrong: TIMESTAMP is seconds of UTC, so its text is only right in a session whose time_zone is '+00:00'.
 * Source: mysys/my_time.cc (my_datetime_packed_from_binary and its kin); the older forms, which MySQL before 5.6.4 and
 * MariaDB without mysql56_temporal_format write, are numbers such as 20240131235959.
 */
import { unsigned64 } from './int64.ts'

/** DATE: day 5 bits, month 4, year the rest. */
export function dateText(buffer: Buffer, start: number): string {
  const packed = buffer.readUIntLE(start, 3)
  return ymd(packed >> 9, (packed >> 5) & 15, packed & 31)
}

/** DATETIME(n): 40 bits big endian plus an offset, then the fraction. */
export function datetime2Text(buffer: Buffer, start: number, decimals: number): string {
  const high = buffer.readUIntBE(start, 3) ^ 0x80_0000
  const time = ((high & 1) << 16) | buffer.readUInt16BE(start + 3)
  const yearMonth = high >> 6
  const day = ymd(Math.trunc(yearMonth / 13), yearMonth % 13, (high >> 1) & 31)
  return day + timeOfDay(time >> 12, (time >> 6) & 63, time & 63) + fraction(buffer, start + 5, decimals)
}

/** TIMESTAMP(n): seconds big endian, then the fraction; all zero is the zero date. */
export function timestamp2Text(buffer: Buffer, start: number, decimals: number): string {
  const seconds = buffer.readUInt32BE(start)
  return `${utcText(seconds)}${fraction(buffer, start + 4, decimals)}`
}

/** TIME(n): one signed number, big endian plus an offset; its lowest bytes are the fraction. */
export function time2Text(buffer: Buffer, start: number, decimals: number): string {
  const fractionBytes = (decimals + 1) >> 1
  const bytes = 3 + fractionBytes
  const scale = 256 ** fractionBytes
  const value = buffer.readUIntBE(start, bytes) - 0x80_0000 * scale
  const size = Math.abs(value)
  const whole = Math.trunc(size / scale)
  const text = `${hms((whole >> 12) & 1023, (whole >> 6) & 63, whole & 63)}${digits(size % scale, decimals)}`
  return value < 0 ? `-${text}` : text
}

/** TIMESTAMP of old: seconds, little endian. */
export function oldTimestampText(buffer: Buffer, start: number): string {
  return utcText(buffer.readUInt32LE(start))
}

/** TIME of old: hours * 10000 + minutes * 100 + seconds, signed. */
export function oldTimeText(buffer: Buffer, start: number): string {
  const value = buffer.readIntLE(start, 3)
  const size = Math.abs(value)
  const text = hms(Math.trunc(size / 10_000), Math.trunc(size / 100) % 100, size % 100)
  return value < 0 ? `-${text}` : text
}

/** DATETIME of old: year month day hour minute second as one decimal number. */
export function oldDatetimeText(buffer: Buffer, start: number): string {
  const value = unsigned64(buffer, start)
  const date = Number(value / 1_000_000n)
  const time = Number(value % 1_000_000n)
  const day = ymd(Math.trunc(date / 10_000), Math.trunc(date / 100) % 100, date % 100)
  return day + timeOfDay(Math.trunc(time / 10_000), Math.trunc(time / 100) % 100, time % 100)
}

/** A value inside JSON: 40 bits of date and time, 24 of microseconds; the type says which part counts. */
export function packedDatetimeText(packed: bigint, part: 'date' | 'datetime'): string {
  const micros = Number(packed & 0xff_ffffn)
  const seconds = Number(packed >> 24n)
  const date = Math.trunc(seconds / 0x2_0000)
  const time = seconds % 0x2_0000
  const yearMonth = date >> 5
  const day = ymd(Math.trunc(yearMonth / 13), yearMonth % 13, date & 31)
  if (part === 'date') return day
  return day + timeOfDay(time >> 12, (time >> 6) & 63, time & 63) + digits(micros, 6)
}

/** A TIME inside JSON: signed, 24 bits of microseconds. */
export function packedTimeText(packed: bigint): string {
  const size = packed < 0n ? -packed : packed
  const whole = Number(size >> 24n)
  const text = `${hms((whole >> 12) & 1023, (whole >> 6) & 63, whole & 63)}${digits(Number(size & 0xff_ffffn), 6)}`
  return packed < 0n ? `-${text}` : text
}

function utcText(seconds: number): string {
  if (seconds === 0) return '0000-00-00 00:00:00'
  const at = new Date(seconds * 1000)
  const day = ymd(at.getUTCFullYear(), at.getUTCMonth() + 1, at.getUTCDate())
  return day + timeOfDay(at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds())
}

/** The fraction's bytes hold an even number of digits. */
function fraction(buffer: Buffer, start: number, decimals: number): string {
  if (decimals === 0) return ''
  return digits(buffer.readUIntBE(start, (decimals + 1) >> 1), decimals)
}

/** The point and its digits, of a number that may hold one digit more than asked for. */
function digits(value: number, decimals: number): string {
  if (decimals === 0) return ''
  const text = String((decimals & 1) === 0 ? value : Math.trunc(value / 10))
  return (pointAndZeros[decimals - text.length] ?? '.') + text
}

function ymd(year: number, month: number, day: number): string {
  const place = (month << 5) | day
  monthDays[place] ??= `-${pad(month)}-${pad(day)}`
  return (year >= 1000 ? String(year) : pad(Math.trunc(year / 100)) + pad(year % 100)) + monthDays[place]
}

/** With a blank before it. */
function timeOfDay(hours: number, minutes: number, seconds: number): string {
  const place = (hours << 6) | minutes
  hourMinutes[place] ??= ` ${pad(hours)}:${pad(minutes)}:`
  return hourMinutes[place] + pad(seconds)
}

/** Hours may have three digits. */
function hms(hours: number, minutes: number, seconds: number): string {
  return `${pad(hours)}:${pad(minutes)}:${pad(seconds)}`
}

const twoDigits = Array.from({ length: 100 }, (_none, value) => String(value).padStart(2, '0'))
const pointAndZeros = Array.from({ length: 6 }, (_none, count) => `.${'0'.repeat(count)}`)
/** Made when they are first met: there are few, and most rows of a table name the same. */
const monthDays: string[] = []
const hourMinutes: string[] = []

function pad(value: number): string {
  return twoDigits[value] ?? String(value)
}
