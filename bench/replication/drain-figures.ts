/**
 * The figures of drained backlogs, each beside the faster one of the native replicas.
 *
 * Easy to get wrong: CPU is compared with what the native replica's server spends on the target, for a native replica is a
 * part of that server; Millrace's own processes come on top of a server that spends less.
 */
import type { Figure, Target } from '../figures.ts'
import type { Drained } from './drained.ts'
import type { FollowerName } from './follower.ts'
import { spreadOf } from './statistics.ts'

export interface DrainFigureOptions {
  /** Goes before the name of each figure, for example `mysql-9.7: drain`. */
  readonly what: string
  /** How many times as fast as native. */
  readonly asked: Partial<Record<FollowerName, number>>
}

const mostTaskMiB = 200

/** Speed, CPU and memory of everybody who drained the same backlogs. */
export function drainFigures(drained: readonly Drained[], { what, asked }: DrainFigureOptions): readonly Figure[] {
  const rounds = Map.groupBy(drained, (one) => one.follower)
  const best = fastestNative(rounds)
  return [...rounds].flatMap(([name, all]) => {
    const measure = `${what} by ${name}`
    const isPeer = name.startsWith('native')
    const speed: Figure = {
      measure,
      unit: `${all[0]?.backlog.unit}/s`,
      ...spreadOf(all.map(perSecond)),
      ...(isPeer || best === null ? {} : comparison(speedOf(all), best.speed, best.name, asked[name])),
    }
    if (isPeer)
      return [speed, cpuFigure(`${measure}: CPU of the target server`, all, targetCpu), ...machineFigures(measure, all)]
    const own = cpuFigure(`${measure}: CPU of Millrace`, all, ownCpu)
    const peerCpu = best === null ? null : spreadOf(best.all.map(targetCpu)).value
    return [
      speed,
      { measure: `${measure}: until the first row`, unit: 's', ...spreadOf(all.map((one) => one.startSeconds)) },
      peerCpu === null ? own : { ...own, ...comparison(peerCpu, own.value, `${best?.name}'s target server`, 1) },
      cpuFigure(`${measure}: CPU of the target server`, all, targetCpu),
      memoryFigure(`${measure}: memory of a task`, all),
      ...machineFigures(measure, all),
    ]
  })
}

/** How a speed, or the inverse of a cost, stands to the peer's. */
function comparison(
  ours: number,
  peers: number,
  comparedWith: string,
  atLeast: number | undefined,
): Pick<Figure, 'comparedWith' | 'ratio' | 'targets'> {
  const targets: readonly Target[] = atLeast === undefined ? [] : [{ of: 'ratio', atLeast }]
  return { comparedWith, ratio: ours / peers, ...(targets.length === 0 ? {} : { targets }) }
}

interface Peer {
  readonly name: FollowerName
  readonly all: readonly Drained[]
  readonly speed: number
}

function fastestNative(rounds: ReadonlyMap<FollowerName, readonly Drained[]>): Peer | null {
  const natives = [...rounds].filter(([name]) => name.startsWith('native'))
  const peers = natives.map(([name, all]) => ({ name, all, speed: speedOf(all) }))
  return peers.toSorted((a, b) => b.speed - a.speed)[0] ?? null
}

function cpuFigure(measure: string, all: readonly Drained[], cpu: (one: Drained) => number): Figure {
  return { measure, unit: 's/million row changes', ...spreadOf(all.map(cpu)) }
}

function memoryFigure(measure: string, all: readonly Drained[]): Figure {
  const peaks = all.map((one) => one.peakTaskMiB)
  return { measure, unit: 'MiB', value: Math.max(...peaks), targets: [{ of: 'value', atMost: mostTaskMiB }] }
}

/** What held it back. */
function machineFigures(measure: string, all: readonly Drained[]): readonly Figure[] {
  const figure = (what: string, shares: readonly number[]): Figure => ({
    measure: `${measure}: ${what}`,
    unit: '%',
    ...spreadOf(shares.map((share) => share * 100)),
  })
  const threads = all.flatMap(({ machine }) => machine.busiestThread ?? [])
  return [
    figure(
      'cores busy',
      all.map(({ machine }) => machine.busy),
    ),
    ...(threads.length === 0
      ? []
      : [
          figure(
            "the target's busiest thread runs",
            threads.map(({ running }) => running),
          ),
          figure(
            "the target's busiest thread waits for a core",
            threads.map(({ waitingForCore }) => waitingForCore),
          ),
        ]),
  ]
}

const perSecond = ({ backlog, seconds }: Drained) => backlog.count / seconds
const speedOf = (all: readonly Drained[]) => spreadOf(all.map(perSecond)).value
const ownCpu = ({ ownCpuSeconds, backlog }: Drained) => (ownCpuSeconds / backlog.rowChanges) * 1_000_000
const targetCpu = ({ targetCpuSeconds, backlog }: Drained) => (targetCpuSeconds / backlog.rowChanges) * 1_000_000
