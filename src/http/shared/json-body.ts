/**
 * The body of a request as JSON, whatever its Content-Type says: `curl -d` sends JSON as a form.
 *
 * Easy to get wrong: bytes that are not UTF-8 are an error, not question marks in somebody's command. JSON.parse makes
 * `__proto__` an ordinary own field, so it does no harm as long as nobody assigns fields one by one.
 */
import { MalformedBodyError } from './errors.ts'

/**
 * @param body what the app's parser kept: the bytes, or nothing
 * @throws MalformedBodyError when there is none, or it is not UTF-8, or not JSON
 */
export function jsonBody(body: unknown): unknown {
  if (!(body instanceof Uint8Array) || body.length === 0)
    throw new MalformedBodyError('the body is empty, send a JSON object')
  const text = decode(body)
  if (text.trim() === '') throw new MalformedBodyError('the body is empty, send a JSON object')
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new MalformedBodyError(`the body is not valid JSON${placeOf(error, text.length)}`)
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new MalformedBodyError('the body is not valid UTF-8')
  }
}

// The parser's own message quotes the text around the fault, which may be a password; only the place is safe to tell.
function placeOf(error: unknown, length: number): string {
  const match = error instanceof SyntaxError ? /position (\d+)|end of JSON/.exec(error.message) : null
  if (match === null) return ''
  return match[1] === undefined || Number(match[1]) >= length
    ? ': it ends too early'
    : `: unexpected text at position ${match[1]}`
}
