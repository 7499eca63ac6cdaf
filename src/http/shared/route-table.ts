/** Which methods a path has, so that a wrong method is told from an unknown path. */

interface Route {
  readonly segments: readonly string[]
  readonly methods: readonly string[]
}

export class RouteTable {
  readonly #routes: Route[] = []

  /** @param pattern a route as registered: `/v1/jobs/:job`, `*` as the last segment for any rest */
  add(pattern: string, methods: readonly string[]): void {
    this.#routes.push({ segments: segmentsOf(pattern), methods })
  }

  /** The methods of every route that `path` matches, sorted; none when there is no such path. */
  methodsOf(path: string): readonly string[] {
    const segments = segmentsOf(path)
    const matching = this.#routes.filter((route) => matches(route.segments, segments))
    return [...new Set(matching.flatMap((route) => route.methods))].sort()
  }
}

function segmentsOf(path: string): readonly string[] {
  return path.replace(/\/$/, '').split('/')
}

function matches(pattern: readonly string[], path: readonly string[]): boolean {
  const hasRest = pattern.at(-1) === '*'
  if (hasRest ? path.length < pattern.length : path.length !== pattern.length) return false
  return pattern.every((part, index) => part === '*' || part === path[index] || (part[0] === ':' && path[index] !== ''))
}
