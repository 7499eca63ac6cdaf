/** What there is to say about the leader, the members, their clocks and their versions. */
import type { MemberState, Overview } from './overview.ts'
import type { Warning } from './warning.ts'

/** Jobs fire by the second. */
const farOffMs = 1_000
/** A store that grows as usual fills it within hours. */
const littleRoomBytes = 256 * 1024 * 1024
/** The NATS server does not start again with less (engine/store-watch.ts). */
const noRoomBytes = 4 * 1024 * 1024

export function memberWarnings(overview: Overview): readonly Warning[] {
  return [
    ...leaderWarnings(overview),
    ...overview.members.flatMap((state) => statusWarnings(state)),
    ...overview.members.flatMap((state) => diskWarnings(state)),
    ...overview.members.flatMap((state) => clockWarnings(state)),
    ...versionWarnings(overview),
  ]
}

function leaderWarnings({ leader }: Overview): readonly Warning[] {
  if (leader !== null) return []
  const text =
    'the cluster has no leader, so no job is fired; one is found within seconds while NATS has a majority of its servers, ' +
    'and what was missed is caught up then'
  return [{ severity: 'critical', text }]
}

function statusWarnings({ member, sinceAt }: MemberState): readonly Warning[] {
  const { nodeName, status, address } = member
  const since = sinceAt === null ? '' : ` since ${new Date(sinceAt).toISOString().slice(0, 19)}Z`
  switch (status) {
    case 'alive':
    case 'left':
      return []
    case 'leaving':
      return [{ severity: 'note', text: `node ${nodeName} is leaving${since}: it takes no new work` }]
    case 'failed': {
      const text = `node ${nodeName} (${address}) has not been heard of${since}; start its agent again, or look at its machine and network`
      return [{ severity: 'warning', text }]
    }
  }
}

function diskWarnings({ member, load }: MemberState): readonly Warning[] {
  const freeBytes = load?.freeBytes
  if (freeBytes === undefined || freeBytes >= littleRoomBytes || member.status !== 'alive') return []
  const isFull = freeBytes < noRoomBytes
  const what = isFull ? 'is full: it can store nothing and starts nothing' : 'is nearly full'
  const text = `the disk of the data directory of node ${member.nodeName} ${what} (${Math.floor(freeBytes / 1e6)} MB free); make room there`
  return [{ severity: isFull ? 'critical' : 'warning', text }]
}

function clockWarnings({ member, clockOffsetMs }: MemberState): readonly Warning[] {
  if (clockOffsetMs === null || member.status !== 'alive' || Math.abs(clockOffsetMs) < farOffMs) return []
  const how = `${(Math.abs(clockOffsetMs) / 1000).toFixed(1)} s ${clockOffsetMs > 0 ? 'ahead' : 'behind'}`
  const text = `the clock of node ${member.nodeName} is ${how}; jobs still fire on time, but set it right (NTP, chrony)`
  return [{ severity: 'warning', text }]
}

function versionWarnings({ members }: Overview): readonly Warning[] {
  const present = members.filter(({ member }) => member.status === 'alive' || member.status === 'leaving')
  const byVersion = Map.groupBy(present, ({ member }) => member.version)
  if (byVersion.size < 2) return []
  const parts = [...byVersion].map(([version, states]) => `${version} on ${names(states)}`)
  const text = `the nodes run different versions (${parts.toSorted().join('; ')}); bring them all to the newest`
  return [{ severity: 'warning', text }]
}

function names(states: readonly MemberState[]): string {
  return states.map(({ member }) => member.nodeName).join(', ')
}
