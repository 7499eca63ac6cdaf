/** The figures of a drain, each beside the better one of the native replicas. */
import type { ServerKind } from '../../test/harness/mysql-servers.ts'
import type { Figure } from '../figures.ts'
import type { Drained } from './drained.ts'
import { changesPerTransaction } from './sysbench.ts'

export function drainFigures(kind: ServerKind, drained: readonly Drained[]): readonly Figure[] {
  const names = [...new Set(drained.map((one) => one.follower))]
  const rounds = new Map(names.map((name) => [name, drained.filter((one) => one.follower === name)]))
  const natives = names.filter((name) => name.startsWith('native'))
  const best = natives.toSorted((a, b) => speed(rounds, b) - speed(rounds, a))[0]
  return names.flatMap((name) => {
    const all = rounds.get(name) ?? []
    const perSecond = all.map((one) => one.transactions / one.seconds)
    const compared =
      best === undefined || name.startsWith('native')
        ? {}
        : { comparedWith: best, ratio: speed(rounds, name) / speed(rounds, best) }
    const figure: Figure = {
      measure: `${kind}: drain by ${name}`,
      value: median(perSecond),
      unit: 'transactions/s',
      spread: [Math.min(...perSecond), Math.max(...perSecond)],
      ...compared,
    }
    return [figure]
  })
}

function speed(rounds: ReadonlyMap<string, readonly Drained[]>, name: string): number {
  return median((rounds.get(name) ?? []).map((one) => one.transactions / one.seconds))
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2
}

export const rowChanges = (one: Drained): number => one.transactions * changesPerTransaction
