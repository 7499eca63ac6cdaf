/**
 * The access token of an agent that asks for one. It lives as long as the tab.
 *
 * Easy to get wrong: many requests meet the 401 at the same time; all of them wait for one answer of the user.
 */
import { signal } from '@preact/signals'

const storageKey = 'millrace-token'

/** Why a token is asked for; null while none is. */
export const tokenQuestion = signal<string | null>(null)

let token = read()
let waiting: (() => void)[] = []

export function currentToken(): string | null {
  return token
}

/** Resolves when the user has given a token. `refused` is the one that was just not accepted. */
export function askForToken(why: string, refused: string | null): Promise<void> {
  // Another request may have been answered a new token meanwhile.
  if (token !== refused) return Promise.resolve()
  tokenQuestion.value = why
  return new Promise((resolve) => waiting.push(resolve))
}

export function giveToken(given: string): void {
  token = given
  try {
    sessionStorage.setItem(storageKey, given)
  } catch {
    // Without storage it is asked for again after a reload.
  }
  tokenQuestion.value = null
  const asked = waiting
  waiting = []
  for (const resolve of asked) resolve()
}

function read(): string | null {
  try {
    return sessionStorage.getItem(storageKey)
  } catch {
    return null
  }
}
