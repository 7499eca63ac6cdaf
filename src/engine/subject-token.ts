/**
 * Any text as one token of a NATS subject, and back.
 *
 * Letters, digits, `_` and `-` of ASCII stay; every other byte of the UTF-8 form becomes `=XX`. So a name with dots,
 * blanks or wildcards can neither split a subject nor match another one.
 */
import { InvalidError } from '../core/errors.ts'

const plain = /^[A-Za-z0-9_-]+$/
const plainByte = /[A-Za-z0-9_-]/

/** @throws InvalidError for empty text and for half surrogates, which UTF-8 cannot spell */
export function encodeToken(text: string): string {
  if (plain.test(text)) return text
  if (text === '' || !text.isWellFormed())
    throw new InvalidError([{ field: 'key', value: text, message: 'must be well-formed text that is not empty' }])
  let token = ''
  for (const byte of Buffer.from(text)) {
    const character = String.fromCharCode(byte)
    token +=
      byte < 0x80 && plainByte.test(character) ? character : `=${byte.toString(16).padStart(2, '0').toUpperCase()}`
  }
  return token
}

/** The inverse of `encodeToken`. */
export function decodeToken(token: string): string {
  if (!token.includes('=')) return token
  const bytes: number[] = []
  for (let at = 0; at < token.length; at += 1) {
    if (token[at] === '=') {
      bytes.push(Number.parseInt(token.slice(at + 1, at + 3), 16))
      at += 2
    } else bytes.push(token.charCodeAt(at))
  }
  return Buffer.from(bytes).toString('utf8')
}
