/** In the end all is well again: everybody sees everybody, one node leads, and targets hold what their sources hold. */
import type { Facts } from './facts.ts'

export function checkCluster({ nodeNames, views, tables, seenWrong }: Facts): readonly string[] {
  const leaders = new Set(views.map(({ leader }) => leader))
  const [leader] = leaders
  return [
    ...seenWrong,
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
    ...tables.flatMap(({ job, table, sourceRows, targetRows, isEqual }) =>
      isEqual
        ? []
        : [`table ${table} of ${job} differs: ${sourceRows} rows at the source, ${targetRows} at the target`],
    ),
  ]
}
