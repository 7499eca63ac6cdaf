/** Names of tags that nodes have now, to propose them. */
import { useEffect, useState } from 'preact/hooks'
import { api } from '../../api/client.ts'

interface Member {
  readonly Tags: Readonly<Record<string, string>>
}

/** Tags that the agent sets itself, for other programs. */
const ownTags = /^(dkron_|millrace_|rpc_|port$|version$|server$|bootstrap$)/

export function useTagNames(): readonly string[] {
  const [names, setNames] = useState<readonly string[]>([])
  useEffect(() => {
    // Proposals only: without them one types.
    api.get<readonly Member[]>('/v1/members').then(
      (members) => setNames([...new Set(members.flatMap(({ Tags }) => Object.keys(Tags)))].filter(isOthers).toSorted()),
      () => {},
    )
  }, [])
  return names
}

function isOthers(name: string): boolean {
  return !ownTags.test(name)
}
