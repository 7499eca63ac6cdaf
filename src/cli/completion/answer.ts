/**
 * Answers a shell that asks what may come next: `millrace __complete bash LINE` or `__complete words WORD...`.
 *
 * Easy to get wrong: somebody waits with a finger on the tab key, and an error would be printed into their line. So an agent
 * has a second, and whatever goes wrong is an empty answer.
 */
import type { Command } from 'commander'
import { defaultAddress, type Environment } from '../agent-command.ts'
import { ApiClient } from '../api-client.ts'
import { knownNames } from '../known-names.ts'
import { printable } from '../table.ts'
import { readToken } from '../token-file.ts'
import { type Candidate, type Completed, complete } from './candidates.ts'
import { splitLine } from './split-line.ts'

export const completeCommand = '__complete'
/** Told instead of words where the shell completes names of files. */
export const filesLine = ':files'

const agentWithinMs = 1_000

/**
 * @param asked what follows `__complete`
 * @returns lines of a candidate, a tab and what it is; for bash the word that is completed comes first
 */
export async function completionAnswer(
  program: Command,
  asked: readonly string[],
  environment: Environment,
): Promise<readonly string[]> {
  const [form, ...rest] = asked
  const words = form === 'bash' ? splitLine(rest[0] ?? '').slice(1) : rest
  const completed = complete(program, words)
  const lines = await answerLines(completed, environment)
  return form === 'bash' ? [completed.typed, ...lines] : lines
}

async function answerLines(completed: Completed, environment: Environment): Promise<readonly string[]> {
  const { wanted, typed } = completed
  if (wanted.kind === 'files') return [filesLine]
  const candidates = wanted.kind === 'words' ? wanted.candidates : await namesFrom(completed, wanted, environment)
  return candidates
    .filter(({ value }) => value.startsWith(typed))
    .map(({ value, about }) => `${printable(value)}\t${printable(about.split('\n', 1)[0] ?? '')}`)
}

async function namesFrom(
  { flags }: Completed,
  wanted: { readonly of: 'job' | 'replication' | 'node'; readonly prefix: string },
  environment: Environment,
): Promise<readonly Candidate[]> {
  try {
    const addresses = flags.get('--address') ?? (environment.MILLRACE_ADDRESS || defaultAddress)
    const tokenFile = flags.get('--token-file') ?? environment.MILLRACE_TOKEN_FILE ?? ''
    const client = new ApiClient(addresses, tokenFile === '' ? null : readToken(tokenFile), {
      connectWithinMs: agentWithinMs / 3,
      signal: AbortSignal.timeout(agentWithinMs),
    })
    return (await knownNames(client, wanted.of, wanted.prefix)).map((value) => ({ value, about: wanted.of }))
  } catch {
    return []
  }
}
