/** The token that an agent asks for, from a file: never from a flag, where every account of the machine could read it. */
import { readFileSync } from 'node:fs'
import { messageOf } from '../core/errors.ts'
import { CallFailedError } from './errors.ts'

/**
 * The first token of a file, as `--api-token-file` has them: one a line.
 *
 * @throws CallFailedError when the file cannot be read or holds none
 */
export function readToken(path: string): string {
  const token = contentOf(path)
    .split('\n')
    .map((line) => line.trim())
    .find((line) => line !== '')
  if (token === undefined || !/^[\x21-\x7e]+$/.test(token))
    throw new CallFailedError(`--token-file ${path} holds no token; copy the agent's --api-token-file there`)
  return token
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new CallFailedError(`--token-file ${path} cannot be read: ${messageOf(error)}`, { cause: error })
  }
}
