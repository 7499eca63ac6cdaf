/** Everything that can go wrong with one machine, and how it is put right again. */
import type { Random } from '../../../scripts/demo/random.ts'
import type { Cluster } from '../cluster.ts'
import { type ClusterNode, sendSignal } from '../node/cluster-node.ts'

export type FaultKind =
  | 'agent killed'
  | 'machine dies'
  | 'runner killed'
  | 'NATS server killed'
  | 'agent stopped'
  | 'NATS server stopped'
  | "leader's machine stopped"
  | 'machine cut off'
  | 'leader cut off'
  | 'not heard by others'
  | 'hears no others'
  | 'slow NATS server'
  | 'disk full'
  | 'clock jumps'
  | 'leaves and returns'
  | 'restarted'

export const faultKinds: readonly FaultKind[] = [
  'agent killed',
  'machine cut off',
  'NATS server killed',
  "leader's machine stopped",
  'clock jumps',
  'machine dies',
  'not heard by others',
  'disk full',
  'agent stopped',
  'restarted',
  'leader cut off',
  'runner killed',
  'slow NATS server',
  'NATS server stopped',
  'hears no others',
  'leaves and returns',
]

export interface Fault {
  readonly kind: FaultKind
  /** With the numbers that were drawn. */
  readonly detail: string
  readonly node: ClusterNode
  readonly holdMs: number
  /** Commands that run on the machine end with it. */
  readonly killsCommands: boolean
  begin(): Promise<void>
  heal(): Promise<void>
}

export interface FaultRange {
  readonly leastMs: number
  readonly mostMs: number
}

/** @returns null when this cluster has no means for it now */
export async function drawFault(
  kind: FaultKind,
  cluster: Cluster,
  random: Random,
  range: FaultRange,
): Promise<Fault | null> {
  // Drawn in any case, so that the same seed draws the same from here on whatever the cluster does.
  const drawn = random.pick(cluster.nodes)
  const holdMs = random.between(range.leastMs, range.mostMs)
  const number = random.between(1, 1_000)
  const node = await victimOf(kind, cluster, drawn)
  if (node === null) return null
  const actions = actionsOf(kind, cluster, node, number)
  if (actions === null) return null
  const killsCommands = kind === 'machine dies' || kind === 'runner killed'
  return { kind, node, holdMs, killsCommands, detail: '', ...actions }
}

async function victimOf(kind: FaultKind, cluster: Cluster, drawn: ClusterNode): Promise<ClusterNode | null> {
  if (kind === "leader's machine stopped" || kind === 'leader cut off') return (await cluster.leader()) ?? drawn
  if (kind === 'clock jumps') return cluster.nodes.find(({ clock }) => clock !== null) ?? null
  return drawn
}

type Actions = Pick<Fault, 'begin' | 'heal'> & { readonly detail?: string }

function actionsOf(kind: FaultKind, cluster: Cluster, node: ClusterNode, number: number): Actions | null {
  const { network } = cluster
  switch (kind) {
    case 'agent killed':
      return { begin: () => node.killAgent(), heal: () => node.start() }
    case 'machine dies':
      return { begin: () => node.die(), heal: () => node.start() }
    case 'runner killed':
      return signalOnce(node.runnerPid, 'SIGKILL')
    case 'NATS server killed':
      return signalOnce(node.natsPid, 'SIGKILL')
    case 'agent stopped':
      return stopped(node.pid === null ? [] : [node.pid])
    case 'NATS server stopped':
      return stopped(node.natsPid === null ? [] : [node.natsPid])
    case "leader's machine stopped":
      return {
        begin: async () => {
          // Twice, for what was being started at that moment.
          for (let round = 0; round < 2; round += 1) node.signalAll('SIGSTOP')
        },
        heal: async () => node.signalAll('SIGCONT'),
      }
    case 'machine cut off':
    case 'leader cut off':
      return { begin: () => network.cut(node.name), heal: () => network.heal(node.name) }
    case 'not heard by others':
      return { begin: () => network.cutOneWay(node.name, 'from'), heal: () => network.heal(node.name) }
    case 'hears no others':
      return { begin: () => network.cutOneWay(node.name, 'to'), heal: () => network.heal(node.name) }
    case 'slow NATS server':
      return slow(cluster, node, number)
    case 'disk full':
      return diskFull(node)
    case 'clock jumps':
      return clockJump(node, number)
    case 'leaves and returns':
      return { begin: () => leave(node), heal: () => node.start() }
    case 'restarted':
      return { begin: () => node.stop(), heal: () => node.start() }
  }
}

function signalOnce(pid: number | null, signal: NodeJS.Signals): Actions | null {
  if (pid === null) return null
  return { begin: async () => sendSignal(pid, signal), heal: async () => {} }
}

function stopped(pids: readonly number[]): Actions | null {
  if (pids.length === 0) return null
  const toAll = async (signal: NodeJS.Signals) => {
    for (const pid of pids) sendSignal(pid, signal)
  }
  return { begin: () => toAll('SIGSTOP'), heal: () => toAll('SIGCONT') }
}

function slow({ network }: Cluster, node: ClusterNode, number: number): Actions | null {
  if (node.machine.advertised === node.machine.address) return null
  const delayMs = 20 + (number % 400)
  const detail = `by ${delayMs} ms`
  return { detail, begin: () => network.delay(node.name, delayMs), heal: () => network.delay(node.name, 0) }
}

function diskFull({ disk }: ClusterNode): Actions | null {
  if (disk === null) return null
  return { begin: async () => disk.fill(), heal: async () => disk.free() }
}

/** From half a minute to three hours, forth or back. */
function clockJump({ clock }: ClusterNode, number: number): Actions | null {
  if (clock === null) return null
  const seconds = (number % 2 === 0 ? 1 : -1) * Math.round(30 * 360 ** ((number % 100) / 99))
  const detail = `by ${seconds} s`
  return { detail, begin: async () => clock.setOffset(seconds), heal: async () => clock.setOffset(0) }
}

async function leave(node: ClusterNode): Promise<void> {
  const { status, text } = await node.api('dkron', 'GET', '/v1/leave', undefined, 15_000)
  if (status !== 200) throw new Error(`GET /v1/leave at ${node.name} answered ${status} ${text}`)
  await node.ended(90_000)
}
