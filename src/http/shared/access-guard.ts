/**
 * Who may call: those that show a token (RFC 6750, `Authorization: Bearer`).
 *
 * Easy to get wrong: only the header counts. A token in the query would end up in logs and browser histories, so it is
 * no access even when it is right.
 */
import { UnauthorizedError } from './errors.ts'

export interface AccessTokens {
  /** Takes the same time for every token that is not one of ours. */
  isKnown(token: string): boolean
}

/**
 * @param header `Authorization` as it came
 * @throws UnauthorizedError, which never repeats what was shown
 */
export function assertAuthorized(header: string | undefined, tokens: AccessTokens): void {
  if (header === undefined)
    throw new UnauthorizedError('this agent asks for a token, send it as "Authorization: Bearer <token>"')
  const [, token] = /^bearer +([^\s]+) *$/i.exec(header) ?? []
  if (token === undefined)
    throw new UnauthorizedError('the Authorization header is none that this agent takes, send "Bearer <token>"')
  if (!tokens.isKnown(token))
    throw new UnauthorizedError("the token is not this agent's, send the one of its --api-token-file")
}
