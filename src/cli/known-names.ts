/** The names of what an agent knows, for suggestions and completion. */
import type { ApiClient } from './api-client.ts'
import { closestWord } from './closest-word.ts'
import { CallFailedError } from './errors.ts'

export type NameKind = 'job' | 'replication' | 'node'

const mostNames = 500

/** Names that may begin with `beginning`; of many jobs only some. @throws CallFailedError */
export async function knownNames(client: ApiClient, kind: NameKind, beginning = ''): Promise<readonly string[]> {
  switch (kind) {
    case 'job': {
      const path = `/ops/scheduled-jobs?limit=${mostNames}&search=${encodeURIComponent(beginning)}`
      const { jobs } = (await client.call('GET', path)) as { readonly jobs: readonly { readonly name: string }[] }
      return jobs.map(({ name }) => name)
    }
    case 'replication': {
      const { jobs } = (await client.call('GET', '/ops/replication-jobs')) as {
        readonly jobs: readonly { readonly name: string }[]
      }
      return jobs.map(({ name }) => name)
    }
    case 'node': {
      const members = (await client.call('GET', '/v1/members')) as readonly { readonly Name: string }[]
      return members.map(({ Name: name }) => name)
    }
  }
}

/** Does something with what is named; when there is no such thing, the error says what may have been meant. */
export async function suggesting<Result>(
  client: ApiClient,
  kind: Exclude<NameKind, 'node'>,
  name: string,
  act: () => Promise<Result>,
): Promise<Result> {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof CallFailedError) || error.status !== 404) throw error
    const list = kind === 'job' ? 'millrace jobs' : 'millrace replications'
    const meant = await closestName(client, kind, name)
    const cure = meant === null || meant === name ? `see "${list}"` : `did you mean "${meant}"?`
    throw new CallFailedError(`${error.message}; ${cure}`, { status: 404, cause: error })
  }
}

/** Looks among the names with the same beginning or end, and among the first of all. */
async function closestName(client: ApiClient, kind: NameKind, name: string): Promise<string | null> {
  const letters = [...name.trim().toLowerCase()]
  const parts = kind === 'job' ? [letters.slice(0, 3).join(''), letters.slice(-3).join(''), ''] : ['']
  const names = new Set<string>()
  for (const part of parts) for (const known of await knownNames(client, kind, part).catch(() => [])) names.add(known)
  return closestWord(name.trim(), names)
}
