/**
 * In the end all is well again: everybody sees everybody, one node leads, everything is stored as often as it should be,
 * and targets hold what their sources hold.
 */
import { type CopyFacts, type Facts, isUndisturbed } from './facts.ts'

/** An old leader of a stream learns of the new one as soon as it hears it. */
const staleMs = 2_000

export function checkCluster(facts: Facts): readonly string[] {
  const { nodeNames, views, tables, seenWrong, copies } = facts
  const leaders = new Set(views.map(({ leader }) => leader))
  const [leader] = leaders
  return [
    ...seenWrong.flatMap(({ what, nodeName, atMs }) =>
      isUndisturbed(facts, nodeName, atMs - staleMs, atMs) ? [what] : [],
    ),
    ...(views.length === nodeNames.length ? [] : [`only ${views.length} of ${nodeNames.length} nodes answered`]),
    ...views.flatMap(({ nodeName, aliveNames }) => {
      const absent = nodeNames.filter((name) => !aliveNames.includes(name))
      return absent.length === 0 ? [] : [`${nodeName} does not see ${absent.join()} alive`]
    }),
    ...(leaders.size === 1 && leader !== null && nodeNames.includes(leader ?? '')
      ? []
      : [
          `the nodes name different leaders, or none: ${views.map((view) => `${view.nodeName}: ${view.leader}`).join(', ')}`,
        ]),
    ...copyShortages(copies),
    ...tables.flatMap(({ job, table, sourceRows, targetRows, isEqual }) =>
      isEqual
        ? []
        : [`table ${table} of ${job} differs: ${sourceRows} rows at the source, ${targetRows} at the target`],
    ),
  ]
}

/** What is stored less often than it should be, or on fewer servers; nothing when all is well. */
export function copyShortages({ wanted, reachableServers, streams }: CopyFacts): readonly string[] {
  const few = streams.filter((stream) => stream.wanted !== wanted || stream.current !== wanted)
  return [
    ...(reachableServers.length === wanted
      ? []
      : [`${reachableServers.length} NATS servers (${reachableServers.join()}) instead of ${wanted}`]),
    ...(streams.length > 0 ? [] : ['no stream is listed']),
    ...few.map(({ name, current, wanted: asked }) => `stream ${name} has ${current} of ${asked} copies, not ${wanted}`),
  ]
}
