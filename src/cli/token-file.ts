/** The token that an agent asks for, from a file: never from a flag, where every account of the machine could read it. */
import { readFileSync } from 'node:fs'
import { messageOf } from '../core/errors.ts'
import { WrongCallError } from './errors.ts'

/**
 * The first token of a file, as `--api-token-file` has them: one a line.
 *
 * @throws WrongCallError when the file cannot be read or holds none
 */
export function readToken(path: string): string {
  const token = contentOf(path)
    .split('\n')
    .map((line) => line.trim())
    .find((line) => line !== '')
  if (token === undefined || !/^[\x21-\x7e]+$/.test(token))
    throw new WrongCallError(`--token-file ${path} holds no token; copy the agent's --api-token-file there`)
  return token
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new WrongCallError(
      `--token-file ${path} cannot be read (${messageOf(error)}); name a file that this account can read, with the agent's token`,
      { cause: error },
    )
  }
}
